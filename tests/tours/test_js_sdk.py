"""The tour of `@aws-sdk/client-lambda`: tour.mjs makes it, and says what it saw."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.tours.conftest import Stop, tool, wait_for

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.tours, pytest.mark.timeout(120)]


async def test_tour(stop: Stop, request: pytest.FixtureRequest) -> None:
    """Answers, an error, event, dry run, tail, stream; 404, 413 and 429 as the SDK's own classes."""
    modules = tool("node/node_modules")
    script: Path = request.path.with_name("tour.mjs")
    done = await stop.run("node", script, modules, stop.started)
    assert done.returncode == 0, done.stderr.decode()
    seen = {line.pop("name"): line for line in map(json.loads, done.stdout.splitlines())}
    assert json.loads(seen["invoke"]["payload"]) == {"hello": "Ada"}
    assert seen["function error"]["functionError"] == "Unhandled"
    assert json.loads(seen["function error"]["payload"])["errorType"] == "ValueError"
    assert [seen[name]["status"] for name in ("invoke", "dry run", "event")] == [200, 204, 202]
    await wait_for(stop.notes)
    assert "\na line of the log\n" in seen["tail"]["log"]
    assert seen["stream"] == {"payload": "first,second", "end": ""}
    assert seen["broken stream"] == {"payload": "first,second", "end": "ValueError"}
    refused = {
        name: (seen[name]["error"], seen[name]["status"])
        for name in ("missing function", "too large", "throttle")
    }
    assert refused == {
        "missing function": ("ResourceNotFoundException", 404),
        "too large": ("RequestTooLargeException", 413),
        "throttle": ("TooManyRequestsException", 429),
    }
    assert json.loads(seen["after the throttle"]["payload"]) == "done"
