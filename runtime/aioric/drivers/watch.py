"""The black box: shortly before an invocation's time is over, the log is told where it stands.

The platform ends what takes too long without a word. One thread sleeps until the next deadline that
there could be; the invocations themselves only enter and leave a table.
"""

from __future__ import annotations

from _thread import get_ident, start_new_thread
from time import sleep, time

from aioric.errors import DeadlineExceeded
from aioric.function.aside import import_own, import_stdlib
from aioric.identity import serving

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task
    from typing import Any

    from aioric.function.faults import Fault
    from aioric.logs.setup import Journal
    from aioric.messages import Invocation

# How long an event loop may take to answer before its thread's stack is all that there is, in seconds.
PATIENCE = 0.05
# Between two looks at least, in seconds: what is due sooner waits for so long.
MINIMUM = 0.01
# How long to sleep where the deadline says nothing of the function's timeout, in seconds.
UNKNOWN = 1.0
# No function may run for so long, in seconds; a deadline beyond it is an emulator's nonsense.
NONSENSE = 86_400.0


class Watch:
    """Watches the deadlines of all invocations of this process.

    Args:
        margin: How long before a deadline to look, in seconds.
        journal: Is told.
        cancels: Whether to cancel the task of an invocation after that.

    Attributes:
        loop: The event loop on which invocations are served, if they are.
        running: The invocations that are being served, and since when (seconds since the epoch).
        faults: Those that were cancelled, and with what to answer.
    """

    __slots__ = (
        "_cancels",
        "_journal",
        "_main",
        "_margin",
        "_seen",
        "_started",
        "_timeout",
        "faults",
        "loop",
        "running",
    )

    def __init__(self, margin: float, journal: Journal, *, cancels: bool) -> None:
        self._margin = margin
        self._journal = journal
        self._cancels = cancels
        self._main = get_ident()
        self._started = False
        self._timeout = NONSENSE  # of the function: the shortest that was seen, in seconds
        self._seen: set[Invocation] = set()
        self.loop: AbstractEventLoop | None = None
        self.running: dict[Invocation, float] = {}
        self.faults: dict[Invocation, DeadlineExceeded] = {}

    def enter(self, invocation: Invocation) -> None:
        """Its handler begins."""
        self.running[invocation] = began = time()
        if not self._started:
            self._started = True
            timeout = invocation.deadline_ms / 1000 - began
            self._timeout = timeout if self._margin < timeout < NONSENSE else self._margin + UNKNOWN
            start_new_thread(self._run, ())

    def leave(self, invocation: Invocation) -> None:
        """It is over."""
        self.running.pop(invocation, None)

    def _run(self) -> None:  # pragma: no cover - in a bare thread; held by tests/drivers/test_watch.py
        while True:
            sleep(self._look(time()))

    def _look(self, now: float) -> float:
        """Report what is due; returns the seconds until something else can be.

        All invocations of a function have the same timeout, so what begins later is not due before
        that has passed.
        """
        running = self.running.copy()
        self._seen &= running.keys()
        for invocation in self.faults.keys() - running.keys():
            self.faults.pop(invocation, None)
        for invocation, began in running.items():
            if 0 < (timeout := invocation.deadline_ms / 1000 - began) < self._timeout:
                self._timeout = timeout
        soonest = now + self._timeout - self._margin
        for invocation, began in running.items():
            due = max(invocation.deadline_ms / 1000 - self._margin, began)
            if invocation in self._seen or not began < invocation.deadline_ms / 1000 < began + NONSENSE:
                continue
            if due > now:
                soonest = min(soonest, due)
                continue
            self._seen.add(invocation)
            self._report(invocation, began)
        return max(soonest - time(), MINIMUM)

    def _report(self, invocation: Invocation, began: float) -> None:
        if self.loop is None:
            self._tell(invocation, began, self._stack(invocation))
            return
        heard: list[float] = []
        try:
            self.loop.call_soon_threadsafe(self._report_tasks, invocation, began, heard)
        except RuntimeError:  # closed
            return
        until = time() + min(PATIENCE, self._margin / 4)
        while not heard and time() < until:
            sleep(MINIMUM / 10)
        if not heard:
            heard.append(0.0)
            self._tell(invocation, began, self._stack(invocation), " The event loop is blocked.")

    def _stack(self, invocation: Invocation) -> list[str]:
        stack: list[str] = import_own("aioric.function.standing").of_thread(invocation, self._main)
        return stack

    def _report_tasks(self, invocation: Invocation, began: float, heard: list[float]) -> None:
        """On the loop itself: no task is in the middle of a step."""
        if heard or invocation not in self.running:
            heard.append(0.0)
            return
        heard.append(time())
        standing = import_own("aioric.function.standing")
        tasks = import_stdlib("asyncio").all_tasks()
        serving: Task[Any] | None = standing.serving_task(tasks, invocation)
        mine = [] if serving is None else [serving]
        mine += [task for task in tasks if task is not serving and self._belongs(task, invocation)]
        fault = self._tell(invocation, began, standing.of_tasks(mine))
        if self._cancels and serving is not None:
            self.faults[invocation] = DeadlineExceeded(
                f"Cancelled {self._margin * 1000:.0f} ms before the deadline, after {time() - began:.2f} s",
                fault.stack_trace,
            )
            serving.cancel()

    def _belongs(self, task: Task[Any], invocation: Invocation) -> bool:
        """Whether the invocation has started the task."""
        standing = import_own("aioric.function.standing")
        if standing.is_ours_task(task):
            return False
        context = standing.context_of(task)
        if context is None:
            return len(self.running) == 1
        return context.get(serving) is invocation

    def _tell(self, invocation: Invocation, began: float, stack: list[str], where: str = "") -> Fault:
        from aioric.function.faults import describe  # noqa: PLC0415 - loaded by now

        now = time()
        pending = len(invocation.background or ())
        fault: Fault = describe(
            DeadlineExceeded(
                f"{(invocation.deadline_ms / 1000 - now) * 1000:.0f} ms before the deadline the invocation "
                f"still runs, after {now - began:.2f} s; background work pending: {pending}.{where}",
                stack,
            ),
            invocation.request_id,
        )
        fault.error_type = "Runtime.DeadlineNear"
        self._journal.error(fault, invocation.request_id)
        return fault
