"""The watch of deadlines, within this process."""

from __future__ import annotations

import asyncio
import contextvars
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from aioric.drivers.lanes import Lane
from aioric.drivers.watch import Watch
from aioric.function.background import Afterwards, Work
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity, stage
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

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
        stage.set((None, invocation))  # what a lane does: from Python 3.12 on its tasks are known by it
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


def a_lane(handler: Callable[..., Coroutine[Any, Any, Any]], lines: Lines) -> Lane:
    """A lane of the running loop, which is not connected."""
    identity = Identity(alone=False)
    said = journal(lines)
    function = Function(
        handler, config(), Codec(ascii_json=True), identity, TraceId(identity), said, asyncio.run
    )
    conversation = Conversation(RuntimeApi(config().runtime_api, "test"), pipeline=False)
    return Lane(function, "127.0.0.1", 1, conversation, said)


async def looked_at(watch: Watch) -> None:
    """A look from another thread at what is due, which the running loop answers."""
    watch.loop = asyncio.get_running_loop()
    later = time.time() + 59.8
    await asyncio.to_thread(watch._look, later)  # noqa: SLF001 - what the thread does at its turns


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lines], Watch]:
    """Makes a watch that cancels, and waits for the loop for as long as a busy machine may take."""
    monkeypatch.setattr("aioric.drivers.watch.PATIENCE", 10.0)
    return lambda lines: Watch(40.0, journal(lines), cancels=True)


async def test_the_serving_task_is_told_of_first_and_cancelled(patient: Callable[[Lines], Watch]) -> None:
    """Its answer is where it stood; a task that it has started is told of too, and not cancelled."""
    lines, invocation = Lines(), an_invocation(60.0)
    began, helpers = asyncio.Event(), []

    async def handler(_event: object, _context: object) -> None:
        helpers.append(asyncio.create_task(asyncio.sleep(20), name="helper"))
        began.set()
        await asyncio.sleep(20)

    watch = patient(lines)
    watch.running[invocation] = time.time()
    serving = asyncio.create_task(a_lane(handler, lines)._handle(invocation), name="serving")  # noqa: SLF001
    await began.wait()
    await looked_at(watch)
    await serving
    unharmed = helpers[0].cancel()

    assert unharmed
    told = "".join(record(lines)["stackTrace"])
    assert told.startswith("Task serving:")
    assert "in handler" in told
    assert "Task helper:" in told
    assert str(watch.faults[invocation].message).startswith("Cancelled 40000 ms before the deadline")
    assert len([line for line in lines.lines if "Runtime.DeadlineNear" in line]) == 1


async def test_the_runtimes_own_tasks_are_not_told_of(patient: Callable[[Lines], Watch]) -> None:
    """A task that the runtime has made, for itself or for work after an answer, is nobody's."""
    lines, invocation, other = Lines(), an_invocation(60.0), an_invocation()
    other.background = [Work(asyncio.sleep, (20,))]
    own = asyncio.create_task(Afterwards([], 0.1, journal(lines)).run_async(other), name="own")
    watch = patient(lines)
    watch.running[invocation] = time.time()
    await looked_at(watch)
    own.cancel()
    await asyncio.wait([own])

    assert "Task own" not in "".join(record(lines)["stackTrace"])


class Contextual(asyncio.Task[Any]):
    """A task that shows its context, as all do from Python 3.12 on."""

    def __init__(self, coroutine: Any, *, context: contextvars.Context | None = None, **more: Any) -> None:
        self._mine = context or contextvars.copy_context()
        super().__init__(coroutine, context=self._mine, **more)

    def get_context(self) -> contextvars.Context:
        """Where its variables are."""
        return self._mine


async def test_tasks_are_told_apart_by_their_context(patient: Callable[[Lines], Watch]) -> None:
    """Of several invocations each has the tasks that were started where it was served."""
    lines, mine, other = Lines(), an_invocation(60.0), an_invocation(90.0)
    loop = asyncio.get_running_loop()
    loop.set_task_factory(lambda loop, coroutine, **more: Contextual(coroutine, loop=loop, **more))
    tasks = [asyncio.create_task(asyncio.sleep(20), name="nobody's")]
    for name, invocation in (("mine", mine), ("other's", other)):
        context = contextvars.copy_context()
        context.run(stage.set, (None, invocation))
        tasks.append(asyncio.create_task(asyncio.sleep(20), name=name, context=context))
    watch = patient(lines)
    watch.running.update(dict.fromkeys((mine, other), time.time()))
    await looked_at(watch)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    told = "".join(record(lines)["stackTrace"])
    assert "Task mine:" in told
    assert "nobody's" not in told
    assert "other's" not in told
