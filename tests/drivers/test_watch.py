"""The watch of deadlines, within this process."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from aioric.drivers.watch import Watch
from aioric.identity import serving
from tests.lifecycle.journals import Lines, an_invocation, journal

if TYPE_CHECKING:
    from aioric.messages import Invocation

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def record(lines: Lines) -> dict[str, Any]:
    """The record, once it is there."""
    found: dict[str, Any] = json.loads(lines.await_line("Runtime.DeadlineNear"))
    return found


def test_a_thread_is_told_by_its_stack() -> None:
    """What the main thread is doing stands in the record, if it is no runtime's."""
    lines, invocation = Lines(), an_invocation(0.3)
    watch = Watch(0.2, journal(lines), cancels=False)
    watch.enter(invocation)
    found = record(lines)
    watch.leave(invocation)

    assert found["requestId"] == invocation.request_id
    assert "in await_line" in "".join(found["stackTrace"])


@pytest.mark.parametrize("first", [None, 1e6], ids=["unknown", "far away"])
def test_a_first_deadline_that_makes_no_sense_is_skipped(first: float | None) -> None:
    """An invocation without a deadline is never reported, and one that follows is."""
    lines, senseless, invocation = Lines(), an_invocation(first), an_invocation(2.5)
    watch = Watch(0.2, journal(lines), cancels=False)
    watch.enter(senseless)
    watch.enter(invocation)
    found = record(lines)

    assert found["requestId"] == invocation.request_id
    assert len(lines.lines) == 1


def test_each_is_reported_once_and_in_its_time() -> None:
    """Of several invocations each has its own record."""
    lines, invocations = Lines(), [an_invocation(seconds) for seconds in (0.3, 0.4, 9)]
    watch = Watch(0.2, journal(lines), cancels=False)
    for invocation in invocations:
        watch.enter(invocation)
    for invocation in invocations[:2]:
        assert lines.await_line(invocation.request_id)

    assert len(lines.lines) == 2


async def _handle(invocation: Invocation) -> None:  # named like the coroutine of a lane
    await asyncio.sleep(5)
    del invocation


@pytest.mark.parametrize("loop", LOOPS)
def test_on_a_loop_the_serving_task_is_found_among_others(loop: str) -> None:
    """Only what the runtime has made for an invocation is its task; there is none here."""
    lines, invocation = Lines(), an_invocation(0.3)
    watch = Watch(0.2, journal(lines), cancels=True)

    async def serve() -> None:
        watch.loop = asyncio.get_running_loop()
        serving.set(invocation)  # what a lane does: from Python 3.12 on its tasks are known by it
        other = asyncio.create_task(_handle(invocation), name="helper")
        watch.enter(invocation)
        await asyncio.to_thread(lines.await_line, "Runtime.DeadlineNear")
        watch.leave(invocation)
        other.cancel()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(serve())

    assert "Task helper" in "".join(record(lines)["stackTrace"])
    assert not watch.faults


def test_a_blocked_loop_is_told_by_the_stack_of_its_thread() -> None:
    """A loop that does not answer is reported for that, once."""
    lines, invocation = Lines(), an_invocation(0.3)
    watch = Watch(0.2, journal(lines), cancels=False)

    async def block() -> None:
        watch.loop = asyncio.get_running_loop()
        watch.enter(invocation)
        lines.await_line("The event loop is blocked")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(block())

    assert len(lines.lines) == 1


def test_a_closed_loop_is_nobodys_trouble() -> None:
    """An invocation whose loop is closed is not reported, and the watch goes on."""
    lines, lost, invocation = Lines(), an_invocation(0.25), an_invocation(0.6)
    watch = Watch(0.2, journal(lines), cancels=False)
    watch.loop = asyncio.new_event_loop()
    watch.loop.close()
    watch.enter(lost)
    while lost not in watch._seen:  # noqa: SLF001 - nothing else tells that it was looked at
        threading.Event().wait(0.005)
    watch.loop = None
    watch.enter(invocation)

    assert record(lines)["requestId"] == invocation.request_id


def test_what_is_over_is_forgotten() -> None:
    """Nothing is kept of invocations that have ended."""
    lines, invocation = Lines(), an_invocation(0.25)
    watch = Watch(0.2, journal(lines), cancels=False)
    watch.faults[an_invocation()] = None  # type: ignore[assignment]  # of one that has ended
    watch.enter(invocation)
    record(lines)
    watch.leave(invocation)
    watch._look(time.time())  # noqa: SLF001 - what the thread does at its next turn

    assert not watch.faults
    assert not watch.running


def test_the_next_look_is_at_the_next_deadline() -> None:
    """Between two deadlines nothing is looked at; with nothing to serve, nothing is for a while."""
    lines, invocation = Lines(), an_invocation(3.0)
    watch = Watch(0.5, journal(lines), cancels=False)
    watch.enter(invocation)
    now = time.time()
    soon = watch._look(now)  # noqa: SLF001 - what the thread does at its turns
    watch.leave(invocation)
    later = watch._look(now + 1)  # noqa: SLF001 - likewise

    assert soon == pytest.approx(2.5, abs=0.2)
    assert later == pytest.approx(3.5, abs=0.2)
    assert not lines.lines


def test_what_is_due_is_reported_at_a_look() -> None:
    """A look that comes when an invocation is due reports it, one that comes again does not."""
    lines, invocation = Lines(), an_invocation(60.0)
    watch = Watch(0.5, journal(lines), cancels=False)
    watch.enter(invocation)
    for _ in range(2):
        watch._look(time.time() + 59.8)  # noqa: SLF001 - what the thread does at its turns

    assert record(lines)["requestId"] == invocation.request_id
    assert len(lines.lines) == 1


def test_a_look_from_a_blocked_loop_tells_so() -> None:
    """A loop that is busy with the look itself cannot answer it; its answer that comes late is of no use."""
    lines, invocation = Lines(), an_invocation(60.0)
    watch = Watch(0.5, journal(lines), cancels=False)

    async def block() -> None:
        watch.loop = asyncio.get_running_loop()
        watch.enter(invocation)
        watch._look(time.time() + 59.8)  # noqa: SLF001 - what the thread does at its turns
        await asyncio.sleep(0)

    asyncio.run(block())
    watch.leave(invocation)

    assert record(lines)["errorMessage"].endswith("The event loop is blocked.")
    assert len(lines.lines) == 1


def test_a_look_forgets_what_is_over() -> None:
    """Of an invocation that is served no more, what to answer for it is not kept."""
    watch = Watch(0.5, journal(Lines()), cancels=True)
    watch.faults[an_invocation()] = None  # type: ignore[assignment]  # of one that has ended
    watch._look(time.time())  # noqa: SLF001 - what the thread does at its turns

    assert not watch.faults


def test_a_look_at_a_closed_loop_tells_nothing() -> None:
    """Where the loop is closed there is nobody to ask, and no record."""
    lines = Lines()
    watch = Watch(0.5, journal(lines), cancels=False)
    watch.running[an_invocation(60.0)] = time.time()
    watch.loop = asyncio.new_event_loop()
    watch.loop.close()
    watch._look(time.time() + 59.8)  # noqa: SLF001 - what the thread does at its turns

    assert not lines.lines
