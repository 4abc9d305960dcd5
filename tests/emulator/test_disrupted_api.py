"""The real runtime in trouble at the Runtime API: what the caller gets, and what the service counts."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator import Emulator, SyncEmulator
from aioric_emulator.disruptions import ClockJump, Duplicate, OmitHeaders, Refuse, Reset, Split, Stall

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aioric_emulator import InvokeResult
    from aioric_emulator.disruptions import Disruption

CODE = """
import os
import time

handled = []

def plain(event, context):
    handled.append(context.aws_request_id)
    print("handling", event["n"])
    return {
        "n": event["n"],
        "times": handled.count(context.aws_request_id),
        "left": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "pid": os.getpid(),
        "clocks": [time.time(), time.monotonic()],
    }

async def asynchronous(event, context):
    return plain(event, context)

def stream(event, context):
    for number in range(3):
        yield f"{number} "
"""
LOST = "the connection was lost before the Runtime API acknowledged it"


@pytest.fixture(params=["plain", "asynchronous"])
def function(request: pytest.FixtureRequest, task: Path) -> Callable[..., Emulator]:
    """Give what makes the function, once of each kind."""
    return lambda **settings: Emulator(f"app.{request.param}", task_root=task, **settings)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Give the folder of the function."""
    (tmp_path / "app.py").write_text(CODE)
    return tmp_path


async def invoke_three(fn: Emulator, *disruptions: Disruption) -> list[InvokeResult]:
    """Invoke three times, with trouble at the second, and check that the service counts each once."""
    results = []
    for number in range(3):
        if number == 1:
            fn.disrupt(*disruptions)
        results.append(await fn.invoke({"n": number}))
    for result in results:
        assert count(fn, "start", result) == count(fn, "report", result) == 1
    return results


def count(fn: Emulator, kind: str, result: InvokeResult) -> int:
    """Give how many platform lines of a kind, in either format, an invocation has."""
    heads = (f"{kind.upper()} RequestId: {result.request_id}", "{")
    lines = [each for each in fn.logs if each.startswith(heads) and result.request_id in each]
    return sum(each[0] != "{" or json.loads(each).get("type") == f"platform.{kind}" for each in lines)


def answered(results: list[InvokeResult]) -> list[Any]:
    """Give what each caller got: the event's number, or the type of an error."""
    return [each.payload.get("errorType", each.payload.get("n")) for each in results]


def processes(results: list[InvokeResult]) -> int:
    """Give how many processes answered."""
    return len({each.payload["pid"] for each in results if "pid" in each.payload})


@pytest.mark.parametrize(
    ("disruption", "delay_ms"),
    [
        (Split(1, pause=0.0005), 100),
        (Split([5, 40], pause=0.05), 100),
        (Split([1], pause=0.05, at="response"), 50),
        (Stall(0.05, after=60), 50),
    ],
    ids=["each byte", "two and the rest", "the acknowledgement", "stalled"],
)
async def test_what_comes_in_pieces_is_put_together(
    function: Callable[..., Emulator], disruption: Disruption, delay_ms: float
) -> None:
    """Wherever the cut is, and however long the pause: the caller sees nothing of it but the time."""
    async with function() as fn:
        results = await invoke_three(fn, disruption)
    assert answered(results) == [0, 1, 2]
    assert results[1].report.duration_ms > delay_ms
    assert processes(results) == 1


async def test_a_late_acknowledgement_delays_the_end(function: Callable[..., Emulator]) -> None:
    """The runtime waits for it; the invocation is over when it polls, which comes behind it."""
    async with function() as fn:
        begun = time.monotonic()
        results = await invoke_three(fn, Stall(0.3, after=10, at="response"))
        took = time.monotonic() - begun
    assert answered(results) == [0, 1, 2]
    assert took > 0.3
    assert processes(results) == 1


async def test_an_event_that_stalls_too_long_times_out(function: Callable[..., Emulator]) -> None:
    """The time is up at the platform; the next event has another environment."""
    async with function(timeout=1.0) as fn:
        results = await invoke_three(fn, Stall(30.0, after=60))
    assert answered(results) == [0, "Sandbox.Timedout", 2]
    assert processes(results) == 2


@pytest.mark.parametrize("after", [0, 1, 60], ids=["before it", "in its status line", "in its head"])
async def test_an_event_that_was_cut_comes_again(function: Callable[..., Emulator], after: int) -> None:
    """The runtime polls once more, is given the same event, and handles it once."""
    async with function() as fn:
        results = await invoke_three(fn, Reset(after))
    assert answered(results) == [0, 1, 2]
    assert [each.payload["times"] for each in results] == [1, 1, 1]
    assert processes(results) == 1


@pytest.mark.parametrize("after", [0, 20], ids=["before it", "in it"])
async def test_an_answer_is_not_sent_twice(function: Callable[..., Emulator], after: int) -> None:
    """Where the acknowledgement is cut the answer was taken: the runtime says so in its log, and goes on."""
    async with function() as fn:
        results = await invoke_three(fn, Reset(after, at="response"))
        logs = fn.logs
    assert answered(results) == [0, 1, 2]
    assert processes(results) == 1
    assert sum(LOST in line for line in logs) == 1


@pytest.mark.parametrize("status", [403, 500])
async def test_a_refused_poll_is_the_end_of_the_process(
    function: Callable[..., Emulator], status: int
) -> None:
    """The runtime ends with an error at once; the caller is told, and the next event has a new process."""
    async with function(timeout=10) as fn:
        results = await invoke_three(fn, Refuse(status, at="next"))
        logs = fn.logs
    assert answered(results) == [0, "Runtime.ExitError", 2]
    assert results[1].payload["errorMessage"].endswith("Runtime exited with error: exit status 1")
    assert results[1].report.duration_ms < 5000
    assert processes(results) == 2
    assert any(f"/runtime/invocation/next was answered {status} " in line for line in logs)


@pytest.mark.parametrize(
    ("status", "error"), [(413, "Function.ResponseSizeTooLarge"), (400, "Runtime.TruncatedResponse")]
)
async def test_a_refused_answer_is_the_callers_error(
    function: Callable[..., Emulator], status: int, error: str
) -> None:
    """The service has told the caller; the runtime posts no error, and goes on in the same process."""
    async with function() as fn:
        results = await invoke_three(fn, Refuse(status))
        logs = fn.logs
    assert answered(results) == [0, error, 2]
    assert processes(results) == 1
    assert sum(f"The platform did not accept an answer: {status} " in line for line in logs) == 1


@pytest.mark.parametrize("status", [410, 403])
async def test_an_answer_that_the_service_has_no_use_for(
    function: Callable[..., Emulator], status: int
) -> None:
    """The invocation is still open, so the next poll is given its event again: the second answer counts."""
    async with function() as fn:
        results = await invoke_three(fn, Refuse(status))
    assert answered(results) == [0, 1, 2]
    assert [each.payload["times"] for each in results] == [1, 2, 1]
    assert results[1].logs.count("handling 1") == 2
    assert processes(results) == 1


async def test_a_service_that_cannot_go_on(function: Callable[..., Emulator]) -> None:
    """A 500 to an answer is the end of the process, and its caller's error; the next event has another."""
    async with function(timeout=10) as fn:
        results = await invoke_three(fn, Refuse(500))
        logs = fn.logs
    assert answered(results) == [0, "Runtime.ExitError", 2]
    assert results[1].report.duration_ms < 5000
    assert processes(results) == 2
    assert any("the Runtime API cannot go on: 500 " in line for line in logs)


async def test_an_event_comes_twice(function: Callable[..., Emulator]) -> None:
    """The handler sees one request id twice; the caller has the first answer, and the lines of both."""
    async with function() as fn:
        fn.disrupt(Duplicate())
        first = await fn.invoke({"n": 1})
        second = await fn.invoke({"n": 2})
        starts = [line.split()[2] for line in fn.logs if line.startswith("START")]
    assert (first.payload["n"], first.payload["times"]) == (1, 1)
    assert first.logs == ["handling 1", "handling 1"]
    assert starts == [first.request_id, first.request_id, second.request_id]
    assert second.payload["times"] == 1


async def test_there_is_no_room_for_the_second(task: Path) -> None:
    """It is refused when no lane polls for a second; the caller has its answer."""
    settings: dict[str, Any] = {"concurrency": 1, "timeout": 10, "env": {"AIORIC_WORKERS": "1"}}
    async with Emulator("app.asynchronous", task_root=task, **settings) as fn:
        fn.disrupt(Duplicate(), Stall(30.0, at="response"))
        result = await fn.invoke({"n": 1})
        assert count(fn, "start", result) == 1
    assert answered([result]) == [1]


async def test_the_second_of_two_meets_no_more_trouble(function: Callable[..., Emulator]) -> None:
    """What is planned for the event behind the one that comes twice waits for it."""
    async with function() as fn:
        fn.disrupt(Duplicate(), Split(7))
        fn.disrupt(Refuse(413))
        first, second = await fn.invoke({"n": 1}), await fn.invoke({"n": 2})
    assert answered([first, second]) == [1, "Function.ResponseSizeTooLarge"]
    assert len(first.logs) == 2


async def test_an_event_without_headers(function: Callable[..., Emulator]) -> None:
    """All but the request id may be missing: the handler runs, with what it can be told."""
    headers = ["deadline-ms", "trace-id", "invoked-function-arn", "invocation-id"]
    async with function() as fn:
        results = await invoke_three(
            fn, OmitHeaders("content-type", *(f"Lambda-Runtime-{each}" for each in headers))
        )
    assert answered(results) == [0, 1, 2]
    assert results[0].payload["left"] > 0
    assert [each.payload["left"] for each in results[1:2]] == [0]
    assert results[0].payload["arn"]
    assert not results[1].payload["arn"]
    assert results[0].payload["trace"].startswith("Root=")
    assert not results[1].payload["trace"]
    assert processes(results) == 1


@pytest.mark.parametrize("milliseconds", [-3_600_000, 3_600_000], ids=["behind", "ahead"])
async def test_the_clock_seems_to_jump(function: Callable[..., Emulator], milliseconds: int) -> None:
    """The handler reads a deadline that is far or past; the platform's own timeout is where it was."""
    async with function(timeout=5) as fn:
        results = await invoke_three(fn, ClockJump(milliseconds))
    assert answered(results) == [0, 1, 2]
    left = results[1].payload["left"]
    # Milliseconds are rounded on the way.
    assert left == 0 if milliseconds > 0 else 3_600_000 < left <= 3_605_010
    assert 0 < results[2].payload["left"] <= 5010
    assert processes(results) == 1


async def test_a_frozen_environment_finds_the_clock_moved(function: Callable[..., Emulator]) -> None:
    """Both clocks have gone on while it was stopped, a jump comes on top, and no event loses time."""
    frozen, jump = 0.5, 3_600_000
    async with function(timeout=5, freeze=True) as fn:
        before = await fn.invoke({"n": 0})
        await asyncio.sleep(frozen)  # the time in which it is stopped
        thawed = await fn.invoke({"n": 1})
        await asyncio.sleep(frozen)
        fn.disrupt(ClockJump(-jump))
        jumped = await fn.invoke({"n": 2})
    assert processes([before, thawed, jumped]) == 1
    for earlier, later in ((before, thawed), (thawed, jumped)):
        for then, now in zip(earlier.payload["clocks"], later.payload["clocks"], strict=True):
            assert now - then >= frozen
    # What it was stopped for is not taken from the next event's time.
    assert 4000 < thawed.payload["left"] <= 5010
    assert jump < jumped.payload["left"] <= jump + 5010


async def test_lanes_are_not_given_an_event_again(task: Path) -> None:
    """On Managed Instances an event that was cut, or answered 410, is a timeout for its caller alone."""
    settings: dict[str, Any] = {"concurrency": 2, "timeout": 1.0, "env": {"AIORIC_WORKERS": "1"}}
    async with Emulator("app.asynchronous", task_root=task, **settings) as fn:
        for disruption in (Reset(60), Refuse(410)):
            results = await invoke_three(fn, disruption)
            assert answered(results) == [0, "Sandbox.Timedout", 2]
            assert processes(results) == 1
        assert answered(await invoke_three(fn, Refuse(413))) == [0, "Function.ResponseSizeTooLarge", 2]
        fn.disrupt(Duplicate())
        twice = await fn.invoke({"n": 3})
        assert count(fn, "start", twice) == count(fn, "report", twice) == 2
    assert twice.payload["times"] == 1
    assert sum("handling 3" in line for line in twice.logs) == 2


async def test_a_stream_is_refused_at_its_end(task: Path) -> None:
    """Its caller has the pieces, and then the error; the process goes on."""
    async with Emulator("app.stream", task_root=task) as fn:
        fn.disrupt(Split(9), Refuse(413))
        stream = fn.stream({})
        pieces = [piece async for piece in stream]
        result = await stream.result()
        after = fn.stream({})
        assert b"".join([piece async for piece in after]) == b"0 1 2 "
    assert b"".join(pieces) == b"0 1 2 "
    assert result.payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert (await after.result()).function_error is None


def test_trouble_without_a_loop(task: Path) -> None:
    """The other flavour has it too, from the first event of a cold environment on."""
    with SyncEmulator("app.plain", task_root=task, enforce_memory=True) as fn:
        fn.disrupt(Split(3, pause=0.0), Reset(at="response"))
        fn.disrupt(Reset(30))
        assert fn.invoke({"n": 1}).payload["n"] == 1
        assert fn.invoke({"n": 2}).payload["n"] == 2


async def test_there_is_one_trouble_at_a_place(task: Path) -> None:
    """Two for one answer of the API exclude each other."""
    fn = Emulator("app.plain", task_root=task)
    with pytest.raises(ValueError, match=r"Reset.* and Split.* are at the same place: give one"):
        fn.disrupt(Split(1), Reset())
