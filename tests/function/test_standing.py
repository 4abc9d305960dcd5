"""Where an invocation stands, seen from another thread and from its own loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from aioric.function.payload import Codec
from aioric.function.standing import is_ours_task, of_tasks, of_thread, serving_task
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity, serving
from tests.drivers.peer import Peer, accepted, event
from tests.drivers.serving import Driver
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aioric.messages import Invocation

PATIENCE = 10  # seconds


def a_function(handler: Any) -> Function:
    """The runtime's own code around a handler."""
    identity = Identity(alone=True)
    codec = Codec(ascii_json=True)
    return Function(handler, config(), codec, identity, TraceId(identity), journal(Lines()), asyncio.run)


async def _handle(invocation: Invocation, serving: Awaitable[object]) -> None:  # as a lane's, and not ours
    await serving
    del invocation


class Waiting:
    """A thread that stands in a handler while the context lasts."""

    def __init__(self, function: Function | None, invocation: Invocation) -> None:
        self._arrived = threading.Event()
        self._go_on = threading.Event()
        run = self.stand if function is None else function.run
        self._thread = threading.Thread(target=run, args=(invocation,))

    def stand(self, *_: object) -> None:
        """Wait to be let go."""
        self._arrived.set()
        assert self._go_on.wait(PATIENCE)

    def __enter__(self) -> int:
        self._thread.start()
        assert self._arrived.wait(PATIENCE)
        assert self._thread.ident is not None
        return self._thread.ident

    def __exit__(self, *_: object) -> None:
        self._go_on.set()
        self._thread.join(PATIENCE)


def test_the_serving_thread_is_found() -> None:
    """Its calls from the handler on are told, whichever thread is the main one; nothing of the runtime's."""
    invocation = an_invocation()
    waiting: list[Waiting] = []
    function = a_function(lambda *_: waiting[0].stand())
    waiting.append(Waiting(function, invocation))
    with waiting[0]:
        entries = of_thread(invocation, threading.get_ident())

    assert "in <lambda>" in entries[0]
    assert "in stand" in entries[1]


def test_a_thread_that_serves_nothing_is_told_whole() -> None:
    """If no thread serves the invocation, it is the other one's calls; if there is no such thread, none."""
    invocation = an_invocation()
    with Waiting(None, invocation) as ident:
        entries = of_thread(invocation, ident)
        assert of_thread(invocation, 0) == []

    assert "in stand" in "".join(entries)


def test_a_lanes_task_is_found() -> None:
    """The runtime's task for an invocation is known by the invocation; one that runs awaits nothing."""
    found: list[Any] = []

    async def handler(*_: object) -> None:
        invocation = serving.get()
        assert invocation is not None
        task = serving_task(asyncio.all_tasks(), invocation)
        found.extend([task, asyncio.current_task(), of_tasks([task] if task else [])])

    with Peer() as peer, Driver("asyncio").serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.send(accepted())

    assert found[0] is found[1]
    assert found[2][0].startswith("Task ")


async def test_an_invocations_task_is_the_one_that_serves_it() -> None:
    """A task of the same name, or one that is no coroutine's, is another's."""
    invocation, over = an_invocation(), asyncio.Event()

    async def wait(*_: object) -> None:
        await over.wait()

    async def outer() -> None:
        await wait()

    tasks = [
        asyncio.create_task(_handle(invocation, outer()), name="a namesake"),
        asyncio.create_task(a_function(wait).run_async(invocation), name="the runtime's"),
    ]
    await asyncio.sleep(0)
    told = "".join(of_tasks(tasks))
    assert serving_task(tasks, invocation) is None
    assert [is_ours_task(task) for task in tasks] == [False, True]
    over.set()
    await asyncio.gather(*tasks)

    assert told.index("Task a namesake") < told.index("in _handle") < told.index("in outer")
    assert told.index("in outer") < told.index("in wait") < told.index("Task the runtime's")
