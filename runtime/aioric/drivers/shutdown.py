"""What SIGTERM sets in motion: what runs comes to its end, or is ended; then the process is.

The signal is only waited for where somebody wants to know. Otherwise it ends the process at once, as
the interpreter does it.
Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

import os
from _thread import start_new_thread
from time import monotonic, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from types import FrameType

    from aioric.config import Config
else:
    import _signal  # what `signal` wraps; the wrapper imports `enum`

# What the platform gives a runtime between SIGTERM and SIGKILL, in seconds: with nothing but internal
# extensions, beside external ones, on Managed Instances.
# https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
ALONE = 0.5
BESIDE_OTHERS = 0.3
MANAGED = 0.6
EXTERNAL_EXTENSIONS = "/opt/extensions"
# What the interpreter needs for its own end, in seconds; it is not ours to spend.
RESERVE = 0.05


class Shutdown:
    """The end of this process, once it is announced.

    Args:
        budget: How long it may take, in seconds.

    Attributes:
        asked: Whether it was.
    """

    __slots__ = ("_budget", "_former", "_interrupt", "_leave", "_over", "asked")

    def __init__(self, budget: float) -> None:
        self._budget = budget
        self._over = float("inf")
        self._former: object = None
        self._leave: Callable[[], object] = _nothing
        self._interrupt: Callable[[], object] = _nothing
        self.asked = False

    def await_signal(self) -> None:
        """From now on SIGTERM is ours; a handler of the function's is still called, and first."""
        current = _signal.getsignal(_signal.SIGTERM)
        if current != self._begin:
            self._former = current
            _signal.signal(_signal.SIGTERM, self._begin)

    def serve(self, leave: Callable[[], object], interrupt: Callable[[], object]) -> None:
        """Events are about to be taken, or none at all if the signal came while lifespans were entered.

        Args:
            leave: Makes the driver take no further event. Called from a signal handler.
            interrupt: Ends what is being served. Called from a thread, when half of the time is over.
        """
        self._leave = leave
        self._interrupt = interrupt
        self.await_signal()  # again: a lifespan may have put a handler in our place
        if self.asked:
            leave()

    @property
    def left(self) -> float:
        """Seconds for what has to be done at the end; all there are, if the end was not announced."""
        if not self.asked:
            self._over = monotonic() + self._budget
        return max(self._over - RESERVE - monotonic(), 0.0)

    @property
    def patience(self) -> float:
        """Seconds for what is being served: three quarters of what there is, since other things follow."""
        return max(self.left - self._budget / 4, 0.0)

    def _begin(self, number: int, frame: FrameType | None) -> None:
        if self.asked:  # by the parent process, and as one of its group
            return
        self.asked = True
        self._over = monotonic() + self._budget
        start_new_thread(self._see_to_it, ())
        try:
            if callable(self._former):
                self._former(number, frame)
        finally:
            self._leave()

    def _see_to_it(self) -> None:  # pragma: no cover - a raw thread; held by tests/lifecycle/test_shutdown.py
        sleep(self.left / 2)
        self._interrupt()
        # Whatever stands in the way by then (a thread that the interpreter waits for, an `atexit` hook)
        # would be met by SIGKILL.
        sleep(max(self._over - monotonic(), 0.0))
        os._exit(0)


def _nothing() -> None: ...


def budget(config: Config) -> float:
    """How long the platform waits between SIGTERM and SIGKILL, in seconds."""
    if config.shutdown_budget is not None:
        return config.shutdown_budget
    if config.max_concurrency is not None:
        return MANAGED
    try:
        return BESIDE_OTHERS if os.listdir(EXTERNAL_EXTENSIONS) else ALONE  # noqa: PTH208 - pathlib costs more to import
    except OSError:
        return ALONE
