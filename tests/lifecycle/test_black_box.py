"""The black box: where an invocation stood, shortly before the platform ended it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lifecycle.functions import COMMAND, TASK, handlers, until

if TYPE_CHECKING:
    from aioric_emulator import Emulator


def records(lines: list[str]) -> list[dict[str, Any]]:
    """The black box's records in a log of JSON lines."""
    return [json.loads(line) for line in lines if "Runtime.DeadlineNear" in line]


def record(lines: list[str]) -> dict[str, Any]:
    """The first of them."""
    return records(lines)[0]


@handlers
async def test_the_log_tells_where_a_handler_stands(aioric_function: type[Emulator], handler: str) -> None:
    """Before a timeout one record shows the stack, how long it ran, and what was still to be done."""
    event = {"hang": 30, "work": ["sleep_async"]}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, timeout=1, log_format="JSON") as fn:
        result = await fn.invoke(event)

    found = record(fn.logs)
    assert found["requestId"] == result.request_id
    assert "ms before the deadline the invocation still runs, after 0." in found["errorMessage"]
    assert found["errorMessage"].endswith("background work pending: 1.")
    stack = "".join(found["stackTrace"])
    if handler == "app.sync":
        assert stack.endswith("in hang\n    time.sleep(seconds)\n")
        assert "in sync\n" in found["stackTrace"][0]
    else:
        assert "in asynchronous\n" in stack
        assert "Task helper:" in stack
        assert "in hang_async\n    await asyncio.sleep(seconds)\n" in stack


@handlers
async def test_it_is_one_event_in_a_text_log(aioric_function: type[Emulator], handler: str) -> None:
    """As text the record is a single event, formatted as an uncaught error is."""
    async with aioric_function(handler, task_root=TASK, command=COMMAND, timeout=1) as fn:
        await fn.invoke({"hang": 30})

    line = next(line for line in fn.logs if "Runtime.DeadlineNear" in line)
    assert line.startswith("[ERROR] Runtime.DeadlineNear: ")
    assert "Traceback (most recent call last):" in line
    assert "hang" in line


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_a_blocked_loop_is_told_by_its_stack(aioric_function: type[Emulator], loop: str) -> None:
    """When a coroutine blocks the event loop, the record shows the blocking line."""
    env = {"AIORIC_LOOP": loop}
    async with aioric_function(
        "app.asynchronous", task_root=TASK, command=COMMAND, timeout=1, log_format="JSON", env=env
    ) as fn:
        await fn.invoke({"block": 30})

    found = record(fn.logs)
    assert found["errorMessage"].endswith("The event loop is blocked.")
    assert "in hang\n    time.sleep(seconds)\n" in found["stackTrace"][-1]


async def test_others_are_not_told_of(aioric_function: type[Emulator]) -> None:
    """On Managed Instances only the invocation that is late is reported, and the others go on."""
    async with aioric_function(
        "app.asynchronous", task_root=TASK, command=COMMAND, timeout=1, concurrency=2
    ) as fn:
        late = await fn.invoke({"hang": 1.2})
        again = await fn.invoke({})

    assert late.function_error is not None
    assert again.function_error is None
    assert sum("Runtime.DeadlineNear" in line for line in fn.logs) == 1


@handlers
async def test_a_second_invocation_is_watched_like_the_first(
    aioric_function: type[Emulator], handler: str
) -> None:
    """The watch goes on after invocations that were in time."""
    async with aioric_function(handler, task_root=TASK, command=COMMAND, timeout=1, log_format="JSON") as fn:
        await fn.invoke({})
        await fn.invoke({"hang": 0.5})
        result = await fn.invoke({"hang": 30})

    assert record(fn.logs)["requestId"] == result.request_id


@handlers
async def test_it_can_be_turned_off(aioric_function: type[Emulator], handler: str) -> None:
    """With a margin of 0 nothing is watched and nothing is told."""
    env = {"AIORIC_DEADLINE_MARGIN_MS": "0"}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, timeout=1, env=env) as fn:
        await fn.invoke({"hang": 30})

    assert not any("DeadlineNear" in line for line in fn.logs)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_a_coroutine_can_be_cancelled_in_time(aioric_function: type[Emulator], loop: str) -> None:
    """With `AIORIC_CANCEL_AT_DEADLINE=1` its `finally` runs, and the caller hears where it stood."""
    env = {"AIORIC_CANCEL_AT_DEADLINE": "1", "AIORIC_LOOP": loop}
    async with aioric_function("app.asynchronous", task_root=TASK, command=COMMAND, timeout=1, env=env) as fn:
        result = await fn.invoke({"hang": 30})
        again = await fn.invoke({})

    assert result.payload["errorType"] == "Runtime.DeadlineExceeded"
    assert result.payload["errorMessage"].startswith("Cancelled 250 ms before the deadline, after 0.")
    assert any("in hang_async" in entry for entry in result.payload["stackTrace"])
    assert any("finally" in line for line in fn.logs)
    assert again.function_error is None


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_each_of_several_is_told_with_its_own_tasks(aioric_function: type[Emulator], loop: str) -> None:
    """Two invocations that are late at once in one process each have a record, with the task it started."""
    env = {"AIORIC_WORKERS": "1", "AIORIC_LOOP": loop}
    async with aioric_function(
        "app.asynchronous", task_root=TASK, command=COMMAND, timeout=1, concurrency=2, env=env
    ) as fn:
        late = await asyncio.gather(fn.invoke({"hang": 1.2}), fn.invoke({"hang": 1.2}))

    told = records(fn.logs)
    assert {found["requestId"] for found in told} == {result.request_id for result in late}
    assert ["".join(found["stackTrace"]).count("Task helper:") for found in told] == [1, 1]


async def test_each_thread_is_told_of(aioric_function: type[Emulator]) -> None:
    """A `def` handler on threads is told of by its own thread's stack, and goes on: a thread has no end."""
    env = {"AIORIC_SYNC": "threads", "AIORIC_WORKERS": "1", "AIORIC_CANCEL_AT_DEADLINE": "1"}
    async with aioric_function(
        "app.sync", task_root=TASK, command=COMMAND, timeout=1, concurrency=2, env=env
    ) as fn:
        late = await asyncio.gather(fn.invoke({"hang": 1.2}), fn.invoke({"hang": 1.3}))
        again = await asyncio.gather(fn.invoke({}), fn.invoke({}))
        await until(fn, "finally", times=2)

    told = records(fn.logs)
    assert {found["requestId"] for found in told} == {result.request_id for result in late}
    for found in told:
        stack = "".join(found["stackTrace"])
        assert "in sync\n" in stack
        assert stack.endswith("in hang\n    time.sleep(seconds)\n")
    assert all(result.function_error is not None for result in late)
    assert all(result.function_error is None for result in again)
