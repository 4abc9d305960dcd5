"""The life of an environment on AWS's own emulator, in both of its modes, where that supports it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.functions import ROOT, TASK, handlers
from tests.official.conftest import classic, managed_instances
from tests.official.emulator import official_emulator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.official.emulator import Answer, OfficialEmulator

__all__ = ["classic", "managed_instances"]  # fixtures

pytestmark = pytest.mark.official
COMMAND = (ROOT / "bootstrap",)


def until(emulator: OfficialEmulator, text: str) -> None:
    """Wait for a text in the log."""
    while text not in emulator.log:
        threading.Event().wait(0.01)


@pytest.mark.usefixtures("classic")
@handlers
def test_classic_lives_through_it(handler: str) -> None:
    """The extension is taken, so that SIGTERM arrives; lifespans and hooks for each answer run."""
    choice = {"CHOICE": "lifespan async-lifespan after-response"}
    with official_emulator(COMMAND, handler, task=TASK, environment=choice) as emulator:
        answers = [emulator.invoke({}) for _ in range(2)]
        log = emulator.log

    assert [answer.result["state"] for answer in answers] == [{"database": "open", "client": "open"}] * 2
    assert log.index("client opens") < log.index("exported")
    assert log.count("exported") == 2


@pytest.mark.usefixtures("managed_instances")
@handlers
def test_the_caller_has_the_answer_while_the_work_runs(handler: str) -> None:
    """On Managed Instances the answer is there before the background work has ended."""
    gate = TASK / "app.pyc-gate"  # never made: the work is cut
    event = {"work": ["block_async"], "path": str(gate)}
    with official_emulator(COMMAND, handler, task=TASK, concurrency=2) as emulator:
        answer = emulator.invoke_when_free(event)
        until(emulator, "background begins")

        assert "pid" in answer.result
        assert "background ends" not in emulator.log


@pytest.mark.usefixtures("classic")
@handlers
def test_the_next_event_comes_after_the_work(handler: str, tmp_path: Path) -> None:
    """In the classic mode the work is done within its invocation."""
    gate = tmp_path / "gate"
    answers: list[Answer] = []
    with official_emulator(COMMAND, handler, task=TASK) as emulator:
        event = {"work": ["block_async"], "path": str(gate)}
        call = threading.Thread(target=lambda: answers.append(emulator.invoke(event)))
        call.start()
        until(emulator, "background begins")
        gate.touch()
        call.join()
        answers.append(emulator.invoke({}))
        log = emulator.log

    assert [answer.status for answer in answers] == [200, 200]
    assert "background ends" in log
