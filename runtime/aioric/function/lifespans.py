"""Resources that live as long as their environment: entered before the first event, left at its end.

Each asynchronous one lives in a task of its own from its first line to its last, since what it holds
(cancel scopes, task groups, context variables) may only be left where it was entered.
"""

from __future__ import annotations

from aioric.errors import Interrupted, LifespanFailed
from aioric.function.aside import import_stdlib
from aioric.function.faults import describe
from aioric.function.hooks import ASYNC_GENERATOR, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future, Task
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator
    from typing import Any

    from aioric.function.hooks import Hooks
    from aioric.logs.setup import Journal

    # Runs a coroutine to its end on the loop that is kept, and returns its result.
    Complete = Callable[[Coroutine[Any, Any, Any]], Any]
    # Calls something on the main thread for at most so many seconds, or raises `Interrupted`.
    Bounded = Callable[[Callable[[], object], float], object]


class Lifespans:
    """The lifespans and shutdown hooks of one process.

    Args:
        hooks: What was registered.
        journal: Hears of what fails at the end.
        complete: Runs coroutines.
    """

    __slots__ = ("_complete", "_entered", "_hooks", "_journal")

    def __init__(self, hooks: Hooks, journal: Journal, complete: Complete) -> None:
        self._hooks = hooks
        self._journal = journal
        self._complete = complete
        self._entered: list[tuple[str, Span | AsyncSpan]] = []

    def enter(self) -> None:
        """Run each lifespan to its `yield`, in the order of registration.

        Raises:
            LifespanFailed: One raised an exception, or did not yield; the message names it.
        """
        yielded = []
        for function in self._hooks.lifespans:
            name = name_of(function)
            try:
                yielded.append((name, self._enter(name, function)))
            except Exception as error:
                fault = describe(error)
                raise LifespanFailed(
                    f"lifespan {name} failed: {fault.error_type}: {fault.message}", fault.stack_trace
                ) from error
        self._hooks.state = _merged(yielded)

    def _enter(self, name: str, function: Callable[[], Any]) -> Any:
        span: Span | AsyncSpan
        if function.__code__.co_flags & ASYNC_GENERATOR:
            span = AsyncSpan(function(), self._complete)
        else:
            span = Span(function())
        state = span.enter()
        self._entered.append((name, span))
        return state

    def leave(self, seconds: float, bounded: Bounded) -> None:
        """Call the shutdown hooks, then the rest of each lifespan: latest first, none in another's way.

        Args:
            seconds: What there is for all; each gets its share of what the others have left.
            bounded: Holds what is not asynchronous to its share.
        """
        ends = [(name_of(hook), self._caller(hook, bounded)) for hook in reversed(self._hooks.shutdown)]
        ends += [(name, _leaver(span, bounded)) for name, span in reversed(self._entered)]
        self._entered = []
        clock = import_stdlib("time").monotonic
        over = clock() + seconds
        for index, (name, end) in enumerate(ends):
            share = max(over - clock(), 0.0) / (len(ends) - index)
            try:
                end(share)
            except (Interrupted, TimeoutError):
                self._journal.note(40, f"{name} was cut after {share * 1000:.0f} ms of shutdown")
            except BaseException as error:  # noqa: BLE001 - the others' turn comes, whatever this one did
                fault = describe(error)
                fault.message = f"{name} failed at shutdown: {fault.message}"
                self._journal.error(fault, "")

    def _caller(self, hook: Callable[[], object], bounded: Bounded) -> Callable[[float], None]:
        def call(share: float) -> None:
            result = bounded(hook, share)
            if hasattr(result, "__await__"):
                self._complete(_within(result, share))

        return call


class Span:
    """A lifespan that is a plain generator."""

    __slots__ = ("_generator",)

    def __init__(self, generator: Iterator[Any]) -> None:
        self._generator = generator

    def enter(self) -> Any:
        """Run to the `yield`; returns what it yields."""
        try:
            return next(self._generator)
        except StopIteration:
            raise RuntimeError("it did not yield") from None

    def leave(self, _share: float) -> None:
        """Run the rest."""
        try:
            next(self._generator)
        except StopIteration:
            return
        raise RuntimeError("it yields a second time")


class AsyncSpan:
    """A lifespan that is an asynchronous generator, and the task that it lives in."""

    __slots__ = ("_complete", "_end", "_generator", "_ready", "_task")

    def __init__(self, generator: AsyncGenerator[Any, None], complete: Complete) -> None:
        self._generator = generator
        self._complete = complete
        self._task: Task[None]
        self._ready: Future[Any]
        self._end: Future[None]

    def enter(self) -> Any:
        """Run to the `yield`; returns what it yields."""
        return self._complete(self._begin())

    def leave(self, share: float) -> None:
        """Run the rest for at most `share` seconds; raises `TimeoutError` after that."""
        self._complete(self._finish(share))

    async def _begin(self) -> Any:
        asyncio = import_stdlib("asyncio")
        loop = asyncio.get_running_loop()
        self._ready, self._end = loop.create_future(), loop.create_future()
        self._task = loop.create_task(self._live())
        # Not in `asyncio.all_tasks`: a handler that cancels all of those must not end what it still needs.
        asyncio._unregister_task(self._task)  # noqa: SLF001 - documented for those who extend asyncio
        return await self._ready

    async def _live(self) -> None:
        try:
            state = await anext(self._generator)
        except StopAsyncIteration:
            self._ready.set_exception(RuntimeError("it did not yield"))
            return
        except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
            self._ready.set_exception(error)
            return
        self._ready.set_result(state)
        try:
            try:
                await self._end
            except BaseException as error:  # noqa: BLE001 - a task group in it has failed, or a time limit
                await self._generator.athrow(error)
            else:
                await anext(self._generator)
        except StopAsyncIteration:
            return
        raise RuntimeError("it yields a second time")

    async def _finish(self, share: float) -> None:
        if not self._end.done():  # the loop's end, or a task group's failure, may have been first
            self._end.set_result(None)
        await import_stdlib("asyncio").wait_for(self._task, share)


async def _within(awaitable: Awaitable[object], seconds: float) -> None:
    await import_stdlib("asyncio").wait_for(awaitable, seconds)


def _leaver(span: Span | AsyncSpan, bounded: Bounded) -> Callable[[float], None]:
    if isinstance(span, AsyncSpan):
        return span.leave

    def leave(share: float) -> None:
        bounded(lambda: span.leave(share), share)

    return leave


def _merged(yielded: list[tuple[str, Any]]) -> Any:
    """One lifespan's state as it is; of several, a dict of all."""
    if len(yielded) == 1:
        return yielded[0][1]
    state: dict[Any, Any] = {}
    for name, part in yielded:
        if part is not None and not isinstance(part, dict):
            raise LifespanFailed(
                f"lifespan {name} yields {type(part).__name__}; one of several must yield a dict or nothing"
            )
        state.update(part or {})
    return state if yielded else None
