"""Work between an answer and the next event: what `context.background` took, and the hooks for each answer.

The caller has the answer and does not wait. The platform does: what is done here is billed, and the
next event comes after it. Before the invocation's time is over, what still runs is cut.
"""

from __future__ import annotations

from _contextvars import copy_context
from time import time

from aioric.errors import Interrupted
from aioric.function.aside import import_stdlib
from aioric.function.faults import cancellation, describe
from aioric.function.hooks import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any

    from aioric.function.lifespans import Bounded, Complete
    from aioric.logs.setup import Journal
    from aioric.messages import Invocation

WARNING = 30  # as in `logging`, which a function may never import
# No function may run for so long, in seconds; a deadline beyond it is an emulator's nonsense.
NONSENSE = 86_400.0
# What cut work gets to come to its end, in seconds.
GRACE = 0.05


class Work:
    """Something to be done: a callable with its arguments, or a coroutine.

    Attributes:
        context: Of who left it to be done: the invocation's.
        name: For messages.
    """

    __slots__ = ("_arguments", "_keywords", "_work", "context", "name")

    def __init__(self, work: Any, arguments: tuple[Any, ...] = (), keywords: Any = None) -> None:
        self._work = work
        self._arguments = arguments
        self._keywords = keywords or {}
        self.context = copy_context()
        self.name = name_of(work)

    def begin(self) -> Any:
        """Call it, or give the coroutine that it is: what is awaitable has only begun."""
        return self._work(*self._arguments, **self._keywords) if callable(self._work) else self._work

    def drop(self) -> None:
        """It will not be begun: a coroutine would complain that nobody awaited it."""
        if not callable(self._work) and hasattr(self._work, "close"):
            self._work.close()


class Afterwards:
    """Does what is to be done after each answer.

    Args:
        hooks: To be called after every one.
        margin: How long before the deadline to cut, in seconds.
        journal: Hears of what was cut or failed.
    """

    __slots__ = ("_hooks", "_journal", "_margin")

    def __init__(self, hooks: Sequence[Callable[[], object]], margin: float, journal: Journal) -> None:
        self._hooks = hooks
        self._margin = margin
        self._journal = journal

    def run(self, invocation: Invocation, complete: Complete, bounded: Bounded) -> None:
        """Do it on this thread, one by one; what was added meanwhile too."""
        hooks: list[Work] | None = [Work(hook) for hook in self._hooks]
        while works := invocation.background or hooks:
            invocation.background = []
            hooks = None if works is hooks else hooks
            for work in works:
                self._run(work, invocation, complete, bounded)

    def _run(self, work: Work, invocation: Invocation, complete: Complete, bounded: Bounded) -> None:
        left = self._left(invocation)
        if left <= 0:
            self._cut(work, invocation)
            return
        try:
            result = bounded(lambda: work.context.run(work.begin), left)
            if hasattr(result, "__await__"):
                left = self._left(invocation)
                complete(_within(result, None if left == float("inf") else left))
        except Interrupted:
            self._cut(work, invocation)
        except TimeoutError as error:
            self._cut(work, invocation) if self._left(invocation) <= 0 else self._fail(
                work, invocation, error
            )
        except Exception as error:  # noqa: BLE001 - the caller has the answer, and others' work waits
            self._fail(work, invocation, error)
        except cancellation():
            self._note_cancelled(work)

    async def run_async(self, invocation: Invocation) -> None:
        """Do it on the running loop, all at once; what was added meanwhile too."""
        asyncio = import_stdlib("asyncio")
        works = [*(invocation.background or ()), *map(Work, self._hooks)]
        invocation.background = []
        while works:
            loop = asyncio.get_running_loop()
            tasks = {loop.create_task(_perform(work), context=work.context): work for work in works}
            left = self._left(invocation)
            try:
                await asyncio.wait(tasks, timeout=None if left == float("inf") else max(left, 0.0))
            finally:  # also when the environment is shut down
                late = {task for task in tasks if not task.done()}
                for task in late:
                    task.cancel()
            if late:
                await asyncio.wait(late, timeout=GRACE)
            self._report(tasks, late, invocation)
            works, invocation.background = invocation.background, []

    def _report(self, tasks: dict[Task[None], Work], late: set[Task[None]], invocation: Invocation) -> None:
        for task, work in tasks.items():
            if task in late:
                self._cut(work, invocation)
            elif task.cancelled():
                self._note_cancelled(work)
            elif (error := task.exception()) is not None:
                self._fail(work, invocation, error)

    def _left(self, invocation: Invocation) -> float:
        """Seconds until what runs is cut; infinite if the deadline makes no sense."""
        left = invocation.deadline_ms / 1000 - time()
        return left - self._margin if invocation.deadline_ms > 0 and left < NONSENSE else float("inf")

    def _cut(self, work: Work, invocation: Invocation) -> None:
        work.drop()
        left = max(invocation.deadline_ms / 1000 - time(), 0.0)
        self._journal.note(
            WARNING, f"Background work {work.name} was cut {left * 1000:.0f} ms before the deadline"
        )

    def _note_cancelled(self, work: Work) -> None:
        self._journal.note(WARNING, f"Background work {work.name} was cancelled")

    def _fail(self, work: Work, invocation: Invocation, error: BaseException) -> None:
        fault = describe(error, invocation.request_id)
        fault.message = f"Background work {work.name} failed: {fault.message}"
        self._journal.error(fault, invocation.request_id)


async def _perform(work: Work) -> None:
    result = work.begin()
    if hasattr(result, "__await__"):
        await result


async def _within(awaitable: Awaitable[object], seconds: float | None) -> None:
    await import_stdlib("asyncio").wait_for(awaitable, seconds)
