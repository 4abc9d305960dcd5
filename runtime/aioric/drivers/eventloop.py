"""One event loop for the life of the process, one lane for each invocation at once.

For `async def` handlers and asynchronous generators.
"""

from __future__ import annotations

import asyncio
import os

from aioric.drivers.lanes import Lane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from typing import Any

    from aioric.function.steps import Around, Function
    from aioric.logs.setup import Journal
    from aioric.protocol.conversation import Conversation

    # What serves each lane.
    Tasks = dict[asyncio.Task[BaseException | None], Lane]

WARNING = 30  # as in `logging`, which a function may never import


def run(loop: asyncio.AbstractEventLoop, serving: Coroutine[Any, Any, None], journal: Journal) -> None:
    """Run `serve` to its end, also if the function stops the loop: others are served on it.

    Args:
        loop: To run it on.
        serving: What `serve` returned.
        journal: Hears that the loop was stopped.
    """
    task = loop.create_task(serving)
    while True:
        try:
            return loop.run_until_complete(task)
        except RuntimeError:
            if task.done():
                raise
        journal.note(
            WARNING,
            "The function has stopped the event loop, on which its invocations are served. The loop goes on: "
            "loop.stop() ends nothing here. To end an invocation, return or raise",
        )


async def serve(
    function: Function,
    host: str,
    port: int,
    conversations: Sequence[Conversation],
    journal: Journal,
) -> None:
    """Serve on one lane per conversation until the platform or the function ends it.

    A lane ends only when it cannot go on, and then so do the others; but not before they have
    answered what they are serving, since their callers wait.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
        BaseException: What a handler raised to end the process.
    """
    lanes = [Lane(function, host, port, conversation, journal) for conversation in conversations]
    tasks = {asyncio.create_task(lane.serve()): lane for lane in lanes}
    for task, lane in tasks.items():
        hide(task)
        os.register_at_fork(after_in_child=lane.disown)
    stop = _stop_at_shutdown(function, lanes)
    until: list[asyncio.Future[BaseException | None]] = [*tasks, stop]
    ended = await wait(until)
    await _finish(tasks, function.around)
    await _abandon(tasks)
    for task in tasks:  # whichever ended first: the process has this status to tell
        if not task.cancelled() and task.exception() is None and (end := task.result()) is not None:
            raise end
    ended.pop().result()


async def _finish(tasks: Tasks, around: Around | None) -> None:
    """Take no further event, and answer what is being served, as long as somebody has the patience."""
    for task, lane in tasks.items():
        if task.done():
            lane.close()
        lane.leave()
    while busy := [task for task, lane in tasks.items() if lane.busy and not task.done()]:
        patience = around.patience if around is not None else None
        if patience == 0.0:
            break
        await wait(busy, patience)


async def _abandon(tasks: Tasks) -> None:
    """End all lanes, and the handlers that are still at work."""
    for task, lane in tasks.items():
        task.cancel()
        lane.abandon()
    handlers = [lane.task for lane in tasks.values() if lane.task is not None]
    await asyncio.gather(*tasks, *handlers, return_exceptions=True)


async def wait(
    futures: Sequence[asyncio.Future[BaseException | None]], patience: float | None = None
) -> set[asyncio.Future[BaseException | None]]:
    """Wait for the first of them, for so many seconds if that is not `None`; to be cancelled changes nothing.

    A handler that cancels all tasks finds the loop's main one too. It is not hidden, since libraries look for
    it: anyio ties the life of its threads to it.
    """
    while True:
        try:
            return (await asyncio.wait(futures, timeout=patience, return_when=asyncio.FIRST_COMPLETED))[0]
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - for the type checker: this runs in one
            task.uncancel()


def hide(task: asyncio.Task[Any]) -> None:
    """Keep a task of the runtime's out of `asyncio.all_tasks`: a handler may cancel all that it finds there.

    Source: https://docs.python.org/3/library/asyncio-extending.html#task-lifetime-support
    """
    asyncio._unregister_task(task)  # noqa: SLF001 - documented for those who extend asyncio


def _stop_at_shutdown(function: Function, lanes: Sequence[Lane]) -> asyncio.Future[BaseException | None]:
    """A future that is done when no further event shall be taken."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[BaseException | None] = loop.create_future()

    def end() -> None:
        if not stop.done():
            stop.set_result(None)

    def cancel() -> None:
        for lane in lanes:
            if lane.busy and lane.task is not None:
                lane.task.cancel("the environment is shut down")

    if function.around is not None:
        function.around.await_shutdown(
            lambda: loop.call_soon_threadsafe(end), lambda: loop.call_soon_threadsafe(cancel)
        )
    return stop
