"""The watch of deadlines on a loop that answers: which tasks are told of, and which is cancelled."""

from __future__ import annotations

import asyncio
import contextvars
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from aioric.drivers.lanes import Lane
from aioric.drivers.watch import Watch
from aioric.function.background import Afterwards, Work
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity, serving
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


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
    told = "".join(json.loads(lines.await_line("Runtime.DeadlineNear"))["stackTrace"])
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

    assert "Task own" not in "".join(json.loads(lines.await_line("Runtime.DeadlineNear"))["stackTrace"])


class Contextual(asyncio.Task[Any]):
    """A task that shows its context, as all do from Python 3.12 on."""

    def __init__(self, coroutine: Any, *, context: contextvars.Context | None = None, **more: Any) -> None:
        self._mine = context or contextvars.copy_context()
        super().__init__(coroutine, context=self._mine, **more)

    def get_context(self) -> contextvars.Context:
        """Where its variables are."""
        return self._mine


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "known to who wakes them"])
async def test_tasks_are_told_apart_by_their_context(
    patient: Callable[[Lines], Watch],
    shown: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Of several invocations each has the tasks that were started where it was served, and theirs."""
    lines, mine, other = Lines(), an_invocation(60.0), an_invocation(90.0)
    loop = asyncio.get_running_loop()
    if shown:
        loop.set_task_factory(lambda loop, coroutine, **more: Contextual(coroutine, loop=loop, **more))
    tasks = [asyncio.create_task(asyncio.sleep(20), name="nobody's")]
    begun = asyncio.Semaphore(0)
    for name, invocation in (("mine", mine), ("other's", other)):
        context = contextvars.copy_context()
        context.run(serving.set, invocation)
        tasks.append(asyncio.create_task(asyncio.sleep(20), name=name, context=context))
        tasks.append(
            asyncio.create_task(grouped(f"child of {name}", begun), name=f"group of {name}", context=context)
        )
        await begun.acquire()
    watch = patient(lines)
    watch.running.update(dict.fromkeys((mine, other), time.time()))
    await looked_at(watch)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    told = "".join(json.loads(lines.await_line("Runtime.DeadlineNear"))["stackTrace"])
    assert all(f"Task {name}:" in told for name in ("mine", "group of mine", "child of mine"))
    assert "nobody's" not in told
    assert "other's" not in told


async def grouped(name: str, begun: asyncio.Semaphore) -> None:
    """Wait for a task in a group, which waits for something that never comes."""
    async with asyncio.TaskGroup() as group:
        group.create_task(waiting(begun), name=name)


async def waiting(begun: asyncio.Semaphore) -> None:
    """Say so, and wait."""
    begun.release()
    await asyncio.Event().wait()


@pytest.mark.parametrize("others", [0, 1], ids=["alone", "among others"])
async def test_a_task_that_waits_for_nothing_belongs_to_who_is_alone(
    patient: Callable[[Lines], Watch], others: int
) -> None:
    """Before Python 3.12 nobody knows the context of a task whose turn has come: it is the only one's."""
    lines, mine = Lines(), an_invocation(60.0)
    watch = patient(lines)
    watch.running.update(dict.fromkeys((mine, *(an_invocation(90.0) for _ in range(others))), time.time()))
    ended = asyncio.Event()
    busy = asyncio.create_task(spinning(ended), name="busy")
    await looked_at(watch)
    ended.set()
    await busy

    told = "".join(json.loads(lines.await_line("Runtime.DeadlineNear"))["stackTrace"])
    expected = not others and not hasattr(busy, "get_context")
    assert ("Task busy:" in told) is expected


async def spinning(ended: asyncio.Event) -> None:
    """Give others their turn, and be ready for the next."""
    while not ended.is_set():  # noqa: ASYNC110 - a task that is never found waiting is what is wanted
        await asyncio.sleep(0)
