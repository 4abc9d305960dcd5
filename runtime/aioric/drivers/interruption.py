"""An end for what runs on the main thread: a signal of our own, whose handler raises `Interrupted`.

A thread keeps the time, since an alarm clock (`SIGALRM`) may be the function's. The exception is raised
where somebody waits for it and nowhere else: in the function's code below `Function.run`, or in what
`Interruption.bounded` calls. A blocking system call is cut too; C code that never returns is not.
"""

from __future__ import annotations

from _thread import allocate_lock, get_ident, start_new_thread

from aioric.errors import Interrupted
from aioric.function.steps import Function

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from types import FrameType
    from typing import Any
else:
    import _signal  # what `signal` wraps; the wrapper imports `enum`

# Real-time signals have no meaning of their own, and hardly anybody uses one.
SIGNAL = _signal.SIGRTMAX - 2
# Beyond this there is no limit, in seconds; as much as a lock can wait on every platform.
FOREVER = 86_400.0


class Interruption:
    """Ends what runs on the main thread. Made there."""

    __slots__ = ("_catchers", "_main", "_reason")

    def __init__(self) -> None:
        self._main = get_ident()
        self._reason = ""
        self._catchers = (Function.run.__code__, Interruption._call.__code__)
        try:
            _signal.signal(SIGNAL, self._raise)
        except ValueError:  # not the main thread, so what it is asked to bound runs on none
            self._main = 0

    def interrupt(self, reason: str) -> None:
        """Raise `Interrupted` in the function's code, if the main thread is in it. From another thread."""
        self._reason = reason
        _signal.pthread_kill(self._main, SIGNAL)

    def bounded(self, call: Callable[[], object], seconds: float) -> object:
        """Call something for at most so many seconds.

        Raises:
            Interrupted: The time is over.
        """
        if seconds > FOREVER or get_ident() != self._main:  # only the main thread can be interrupted
            return call()
        return self._call(call, seconds)

    def _call(self, call: Callable[[], object], seconds: float) -> object:
        done = allocate_lock()
        done.acquire()
        start_new_thread(self._keep_time, (done, seconds))
        try:
            return call()
        finally:
            done.release()

    def _keep_time(
        self, done: Any, seconds: float
    ) -> None:  # pragma: no cover - a raw thread; held by tests/drivers/test_interruption.py
        if not done.acquire(timeout=seconds):
            self.interrupt("the time is over")

    def _raise(self, _number: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code in self._catchers:
                raise Interrupted(self._reason)
            frame = frame.f_back
