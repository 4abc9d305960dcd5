"""Work after the answer: the caller has it while the work runs, the next event comes after it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.lifecycle.functions import COMMAND, TASK, handlers, order, until

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator import Emulator

CONCURRENCY = {"one at a time": None, "two at a time": 2}
concurrencies = pytest.mark.parametrize("concurrency", CONCURRENCY.values(), ids=CONCURRENCY.keys())


@pytest.mark.parametrize(
    ("handler", "work"),
    [("app.sync", "block"), ("app.sync", "block_async"), ("app.asynchronous", "block_async")],
)
async def test_the_next_event_waits_for_the_work_and_the_answer_does_not(
    aioric_function: type[Emulator], tmp_path: Path, handler: str, work: str
) -> None:
    """The work ends before the next event is taken, and is logged within its own invocation."""
    gate = tmp_path / "gate"
    async with aioric_function(handler, task_root=TASK, command=COMMAND) as fn:
        call = asyncio.create_task(fn.invoke({"work": [work], "path": str(gate)}))
        await until(fn, "background begins")
        gate.touch()
        await call
        await fn.invoke({})

    places = order(fn.logs, "START", "background begins", "background ends", "END")
    assert places == sorted(places)


@handlers
@concurrencies
async def test_the_caller_has_the_answer_while_the_work_runs(
    aioric_function: type[Emulator], tmp_path: Path, handler: str, concurrency: int | None
) -> None:
    """A client gets its answer although the work has not ended; only then is the gate opened."""
    gate = tmp_path / "gate"
    event = {"work": ["block_async"], "path": str(gate)}
    async with (
        aioric_function(handler, task_root=TASK, command=COMMAND, concurrency=concurrency) as fn,
        httpx.AsyncClient(base_url=fn.endpoint, trust_env=False) as client,
    ):
        answer = await client.post("/2015-03-31/functions/function/invocations", json=event)
        await until(fn, "background begins")

        assert "pid" in answer.json()
        assert not any("background ends" in line for line in fn.logs)
        gate.touch()
        await until(fn, "background ends")


@handlers
async def test_failed_work_is_logged_and_the_rest_is_done(
    aioric_function: type[Emulator], handler: str
) -> None:
    """Work that raises is logged with its error and request id, and other work is still done."""
    gate = TASK / "app.py"
    event = {"work": ["fail", "fail_async", "block_async"], "path": str(gate)}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, log_format="JSON") as fn:
        result = await fn.invoke(event)

    errors = [line for line in fn.logs if "Background work app.fail" in line]
    assert len(errors) == 2
    assert all('"errorType": "LookupError"' in line and result.request_id in line for line in errors)
    assert any("background ends" in line for line in fn.logs)


@handlers
async def test_work_of_a_failed_handler_and_of_work_is_done(
    aioric_function: type[Emulator], handler: str
) -> None:
    """The error is the answer, and what was left to be done before it is done; so is what work leaves."""
    event = {"work": ["more"], "more": ["block_async"], "path": str(TASK / "app.py"), "raise": True}
    async with aioric_function(handler, task_root=TASK, command=COMMAND) as fn:
        result = await fn.invoke(event)

    assert result.payload["errorType"] == "RuntimeError"
    assert any("background ends" in line for line in fn.logs)


@handlers
async def test_work_follows_a_stream(aioric_function: type[Emulator], handler: str) -> None:
    """Work that was left by the maker of a stream is done after its end."""
    event = {"work": ["block_async"], "path": str(TASK / "app.py"), "stream": True}
    async with aioric_function(handler, task_root=TASK, command=COMMAND) as fn:
        result = await fn.invoke(event)
        again = await fn.invoke({})

    assert result.raw == b"ab"
    assert again.function_error is None
    assert any("background ends" in line for line in fn.logs)


@pytest.mark.parametrize(
    ("handler", "work"),
    [("app.sync", "sleep"), ("app.sync", "sleep_async"), ("app.asynchronous", "sleep_async")],
)
async def test_work_is_cut_before_the_deadline(
    aioric_function: type[Emulator], handler: str, work: str
) -> None:
    """Work that would outlast its invocation is cut, which is logged, and the next event is served."""
    async with aioric_function(handler, task_root=TASK, command=COMMAND, timeout=1) as fn:
        result = await fn.invoke({"work": [work]})
        again = await fn.invoke({})

    assert result.function_error is None
    assert again.payload["pid"] == result.payload["pid"]
    cut = next(line for line in fn.logs if "was cut" in line)
    assert result.request_id in cut
    assert "Background work" in cut


@handlers
@concurrencies
async def test_hooks_follow_every_answer(
    aioric_function: type[Emulator], handler: str, concurrency: int | None
) -> None:
    """Hooks of both kinds run after each answer, whatever it was."""
    async with aioric_function(
        handler, task_root=TASK, command=COMMAND, env={"CHOICE": "after-response"}, concurrency=concurrency
    ) as fn:
        for event in ({}, {"raise": True}, {}):
            await fn.invoke(event)
        await until(fn, "exported", times=3)

    assert [sum(text in line for line in fn.logs) for text in ("flushed", "exported")] == [3, 3]


async def test_work_holds_its_lane_and_no_other(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """With two lanes, one that works in the background leaves the other free, and takes no event."""
    gate = tmp_path / "gate"
    async with aioric_function("app.asynchronous", task_root=TASK, command=COMMAND, concurrency=2) as fn:
        await fn.invoke({"work": ["block_async"], "path": str(gate)})
        await until(fn, "background begins")
        begun = time.monotonic()
        results = [await fn.invoke({}) for _ in range(5)]
        lasted = time.monotonic() - begun
        rejected = await asyncio.gather(
            fn.invoke({"wait": str(gate)}), fn.invoke({"wait": str(gate)}), asyncio.to_thread(gate.touch)
        )
        await until(fn, "background ends")

    assert [result.function_error for result in results] == [None] * 5
    assert lasted < 5
    assert [each.status for each in rejected[:2]] == [200, 200]
    places = order(fn.logs, "background begins", "background ends")
    assert places == sorted(places)


@handlers
async def test_garbage_is_collected_after_the_answer(aioric_function: type[Emulator], handler: str) -> None:
    """`AIORIC_GC=after-response` serves as before."""
    env = {"AIORIC_GC": "after-response"}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=env) as fn:
        results = [await fn.invoke({}) for _ in range(5)]

    assert [result.function_error for result in results] == [None] * 5
