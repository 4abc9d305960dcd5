"""What a function does to its own process, and what it still gets: its answer, and the next event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator import Emulator

TASK = Path(__file__).parent / "task"

# What the log says to it.
SAID = {
    "come back": "came back from the handler",
    "return a stream": "came back from the handler",
    "fail": "in the child",
    "stop": "has stopped the event loop",
}


@pytest.mark.parametrize("lanes", [None, 2])
@pytest.mark.parametrize(
    ("handler", "action", "answer"),
    [
        ("sync", "close", "ValueError"),
        ("asynchronous", "close", "ValueError"),
        ("sync", "too large", "Function.ResponseSizeTooLarge"),
        ("asynchronous", "too large", "Function.ResponseSizeTooLarge"),
        ("sync", "fork", 7),
        ("asynchronous", "fork", 7),
        ("sync", "come back", 0),
        ("asynchronous", "come back", 0),
        ("sync", "fail", 1),
        ("asynchronous", "fail", 1),
        ("sync", "return a stream", 0),
        ("sync", "stream", [0]),
        ("asynchronous", "stream", [0]),
        ("sync", "stream later", 0),
        ("asynchronous", "stream later", 0),
        ("asynchronous", "cancel", "cancelled"),
        ("asynchronous", "stop", "stopped"),
        ("asynchronous", "break tasks", "broken"),
    ],
)
async def test_the_environment_survives_its_function(
    serve: Callable[..., Emulator], handler: str, action: str, answer: Any, lanes: int | None
) -> None:
    """A closed log, forked children, a loop that is stopped or broken: it answers, and goes on."""
    settings = {"AIORIC_WORKERS": "1", "AIORIC_SYNC": "threads"}
    async with serve(
        f"rude.{handler}", task_root=TASK, env=settings, concurrency=lanes, memory=512, timeout=10
    ) as fn:
        before = await fn.invoke("look")
        result = await fn.invoke(action)
        after = await fn.invoke("look")

    assert answer == (result.payload["errorType"] if result.function_error else result.payload)
    assert before.payload == after.payload
    assert after.payload[1] == "open"
    assert not [line for line in result.logs if "closed" in line and "ValueError" not in line]
    assert bool([line for line in fn.logs if SAID.get(action, "ValueError") in line]) == (action in SAID)


@pytest.mark.parametrize("lanes", [None, 2])
@pytest.mark.parametrize("handler", ["sync", "asynchronous"])
async def test_what_is_written_never_becomes_protocol(
    serve: Callable[..., Emulator], handler: str, lanes: int | None
) -> None:
    """A connection that is opened when standard output is closed does not take its place."""
    settings = {"AIORIC_WORKERS": "1", "AIORIC_SYNC": "threads"}
    async with serve(f"rude.{handler}", task_root=TASK, env=settings, concurrency=lanes) as fn:
        calls = [await fn.invoke(action) for action in ("look", "close and stream", "write", "look")]

    assert [call.payload for call in calls[1:3]] == [1, "Bad file descriptor"]
    assert calls[0].payload == calls[3].payload
