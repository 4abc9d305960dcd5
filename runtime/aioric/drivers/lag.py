"""Notices when something keeps an event loop from its other invocations, and says where it happens.

A thread asks the loop for a sign of life ten times a second. When it does not come in time, the
thread looks at what the loop's thread is doing.
"""

from __future__ import annotations

import sys
import time
from _thread import allocate_lock, get_ident, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from types import FrameType

    from aioric.logs.setup import Journal

WARNING = 30  # as in `logging`, which a function may never import

# Seconds, between two looks and until the loop counts as late. A handler that computes for 2 ms must not
# be blamed where sixteen of them run by turns. A look costs about 40 µs.
INTERVAL = 0.1
REPORT_AFTER = 5.0  # seconds; it may never come back
QUIET = 60.0  # seconds between two warnings about the same line

_OURS = __file__.rpartition("drivers/")[0]


class LagWatch:
    """Watches the loop of the thread that makes it, from another thread, until it is closed.

    Args:
        loop: What to watch.
        journal: Hears of lag.
        task_root: The folder of the function's code, in which a line tells the most.
    """

    def __init__(self, loop: AbstractEventLoop, journal: Journal, task_root: str | None) -> None:
        self._loop = loop
        self._journal = journal
        self._task_root = task_root
        self._watched = get_ident()
        self._asked = self._answered = 0.0
        self._closed = allocate_lock()
        self._closed.acquire()
        self._warned: dict[str, float] = {}

    def start(self) -> None:
        """Begin to watch."""
        start_new_thread(self._run, ())  # `threading` writes to much more memory that workers share

    def close(self) -> None:
        """End the watch. The loop may be closed only then."""
        self._closed.release()

    def _run(self) -> None:  # pragma: no cover - in a raw thread; held by tests/drivers/test_lag.py
        while True:
            self._asked = time.monotonic()
            try:
                self._loop.call_soon_threadsafe(self._answer)
            except RuntimeError:  # closed, by a function that ends the process in its own way
                return
            if self._closed.acquire(timeout=INTERVAL):
                return
            if self._answered < self._asked and not self._investigate():
                return

    def _answer(self) -> None:
        self._answered = time.monotonic()

    def _investigate(self) -> bool:  # pragma: no cover - likewise
        """The loop is late: find out where, wait for it, report. False when the watch is closed."""
        where = self._where()
        while self._answered < self._asked and time.monotonic() - self._asked < REPORT_AFTER:
            if self._is_over(INTERVAL / 10):
                return False
        late = self._answered < self._asked
        if where is not None:
            self._warn(where, (time.monotonic() if late else self._answered) - self._asked, late=late)
        while self._answered < self._asked:
            if self._is_over(INTERVAL):
                return False
        return True

    def _is_over(self, seconds: float) -> bool:  # pragma: no cover - likewise
        """Whether the watch is closed within so long, or the loop is, which then answers no more."""
        return self._closed.acquire(timeout=seconds) or self._loop.is_closed()

    def _warn(self, where: str, lag: float, *, late: bool) -> None:  # pragma: no cover - likewise
        now = time.monotonic()
        if now - self._warned.get(where, -QUIET) < QUIET:
            return
        self._warned[where] = now
        self._journal.note(
            WARNING,
            f"The event loop {'has been' if late else 'was'} kept from all other invocations of this process "
            f"for {lag * 1000:.0f} ms by {where}",
        )

    def _where(self) -> str | None:  # pragma: no cover - likewise
        """The line that keeps the loop: in the function's own code if any is running; `None` in ours."""
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - as `faulthandler` does it
        innermost: FrameType | None = None
        while frame is not None:
            file = frame.f_code.co_filename
            if self._task_root is not None and file.startswith(self._task_root + "/"):
                return _line(frame)
            if innermost is None and not file.startswith(_OURS) and not _is_loop(file):
                innermost = frame
            frame = frame.f_back
        return None if innermost is None else _line(innermost)


def _is_loop(file: str) -> bool:  # pragma: no cover - likewise
    return "/asyncio/" in file or file.endswith(("/selectors.py", "<frozen runpy>", "/aioric/__main__.py"))


def _line(frame: FrameType) -> str:  # pragma: no cover - likewise
    return f"{frame.f_code.co_qualname} at {frame.f_code.co_filename}:{frame.f_lineno}"
