"""Streams on AWS's own emulator: the classic mode collects them, Managed Instances relays their failures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.official.emulator import ROOT, official_emulator

TASK = Path(__file__).parent / "task"
BOOTSTRAP = (ROOT / "bootstrap",)

pytestmark = pytest.mark.official

every_form = pytest.mark.parametrize("handler", ["streams.pieces", "streams.pieces_async"])


@pytest.mark.usefixtures("classic")
@every_form
def test_classic_collects_a_stream(handler: str) -> None:
    """The caller gets all pieces as one answer, also of a stream that fails, and the next call works."""
    with official_emulator(BOOTSTRAP, handler, task=TASK) as emulator:
        bodies = [emulator.invoke_when_free(event).body for event in ({}, {"fail": "late"}, {"count": 1})]

    assert bodies == [b"piece 0 piece 1 piece 2 ", b"piece 0 piece 1 piece 2 ", b"piece 0 "]


@pytest.mark.usefixtures("managed_instances")
@pytest.mark.parametrize("concurrency", [1, 4])
@every_form
def test_managed_instances_relay_a_stream(handler: str, concurrency: int) -> None:
    """The stream arrives with its content type."""
    with official_emulator(BOOTSTRAP, handler, task=TASK, concurrency=concurrency) as emulator:
        answer = emulator.invoke_when_free({"count": 1000})

    assert answer.body == b"".join(b"piece %d " % number for number in range(1000)), emulator.log
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.usefixtures("managed_instances")
@pytest.mark.parametrize("message", ["short", "x" * 20_000], ids=["short", "longer than trailers may be"])
@every_form
def test_managed_instances_relay_a_failure_in_the_middle(handler: str, message: str) -> None:
    """Error trailers become the caller's error, however much there was to say, and the lane goes on."""
    with official_emulator(BOOTSTRAP, handler, task=TASK, concurrency=1) as emulator:
        failed = emulator.invoke_when_free({"fail": message})
        after = emulator.invoke_when_free({})

    assert "Error-Type" in failed.headers, emulator.log
    assert failed.result["errorType"] == "ValueError"
    assert message.startswith(failed.result["errorMessage"])
    assert after.body == b"piece 0 piece 1 piece 2 "
