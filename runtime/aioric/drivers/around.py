"""What goes on around the invocations of one process: before the first, beside, after each, at the end."""

from __future__ import annotations

import os
import sys

from aioric.drivers.watch import Watch
from aioric.function.aside import import_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Protocol

    from aioric.config import Config
    from aioric.drivers.extension import Extension
    from aioric.drivers.interruption import Interruption
    from aioric.drivers.shutdown import Shutdown
    from aioric.errors import DeadlineExceeded
    from aioric.function.background import Afterwards
    from aioric.function.garbage import Garbage
    from aioric.function.hooks import Hooks
    from aioric.function.lifespans import Complete, Lifespans
    from aioric.function.payload import Codec
    from aioric.logs.setup import Journal
    from aioric.messages import Invocation
    from aioric.protocol.runtime_api import RuntimeApi

    class Lifetime(Protocol):
        """The runtime, as far as it has to do with the beginning of its process.

        Attributes:
            announced: Has asked the platform to say SIGTERM, maybe in another process; or `None`.
            api: Writes requests.
            codec: Writes reports.
        """

        announced: Extension | None
        api: RuntimeApi
        codec: Codec

        def report(self, error: BaseException) -> None:
            """Tell the log, then the platform, that the function cannot be started."""
else:
    import _signal  # what `signal` wraps; the wrapper imports `enum`


class Around:
    """Knows which of it a function asks for, and loads no more than that.

    Args:
        config: The settings.
        journal: Hears of what fails.
        complete: Runs a coroutine on the loop that is kept, while nothing else runs on it. Where invocations
            are served on a loop, that one does it once it is open.

    Attributes:
        begin: Told of each invocation whose handler begins.
        forked: Whether this is a process that a handler has forked.
    """

    __slots__ = (
        "_afterwards",
        "_always",
        "_complete",
        "_config",
        "_garbage",
        "_hooks",
        "_interruption",
        "_journal",
        "_lifespans",
        "_shutdown",
        "_watch",
        "begin",
        "forked",
    )

    def __init__(self, config: Config, journal: Journal, complete: Complete) -> None:
        self._config = config
        self._journal = journal
        self._complete = complete
        self._hooks: Hooks | None = None
        self._always = False
        self._watch = (
            Watch(config.deadline_margin, journal, cancels=config.cancels_at_deadline)
            if config.deadline_margin
            else None
        )
        self.begin = _nothing if self._watch is None else self._watch.enter
        self._afterwards: Afterwards | None = None
        self._garbage: Garbage | None = None
        self._interruption: Interruption | None = None
        self._lifespans: Lifespans | None = None
        self._shutdown: Shutdown | None = None
        self.forked = False

    def live(
        self,
        runtime: Lifetime,
        serve: Callable[[], object],
        loop: AbstractEventLoop | None = None,
    ) -> int:
        """Serve, with all that goes before and after; returns the exit status of the process.

        Args:
            runtime: What else it takes.
            serve: Serves until the process shall end.
            loop: On which invocations are served, if they are.
        """
        try:
            self._await_signal()
            self.open(loop)
        except BaseException as error:
            self.close()
            runtime.report(error)
            if isinstance(error, Exception):
                return 1
            raise
        try:
            status = self._wake(runtime)
            # Not earlier: a snapshot may be restored in a copy of this process.
            os.register_at_fork(after_in_child=self._disown)
            if status is None:
                serve()
            return status or 0
        finally:
            # What a handler has forked leaves the lifespans to its parent.
            if not self.forked:
                self.close()

    def _disown(self) -> None:
        self.forked = True

    def _wake(self, runtime: Lifetime) -> int | None:
        """The last steps before the first poll; returns an exit status if there shall be none."""
        extension = None
        if wants_to_know() and runtime.announced is None:
            extension = announce(self._config, self._journal)
        if not self._config.snap_start:
            return None
        snap_start = import_own("aioric.drivers.snapstart").SnapStart(
            self._config, runtime.api, runtime.codec, self._journal
        )
        status: int | None = snap_start.pause(self._hooks, self._complete)
        if status is None and extension is not None:
            extension.wait()
        return status

    def open(self, loop: AbstractEventLoop | None = None) -> None:
        """Enter the lifespans; afterwards everything is there that invocations will find.

        Args:
            loop: On which they are served, if they are.

        Raises:
            LifespanFailed: A lifespan did not come to its `yield`.
        """
        if loop is not None:
            self._complete = loop.run_until_complete
        if self._watch is not None:
            self._watch.loop = loop
        self._hooks = registered()  # not earlier: hooks that are called after a fork may register some
        self._always = bool(self._hooks and self._hooks.after_response)
        if self._hooks is not None and (self._hooks.lifespans or self._hooks.shutdown):
            lifespans = import_own("aioric.function.lifespans")
            self._lifespans = lifespans.Lifespans(self._hooks, self._journal, self._complete)
            self._lifespans.enter()
        if self._config.gc_after_response:
            self._garbage = import_own("aioric.function.garbage").Garbage()

    def await_shutdown(self, leave: Callable[[], object], interrupt: Callable[[], object] | None) -> None:
        """Be ready for SIGTERM, if the function wants to know.

        Args:
            leave: Makes the driver take no further event. Called from a signal handler.
            interrupt: Ends what is being served, called from a thread; if `None`, what runs on the main
                thread is ended.
        """
        self._await_signal()  # again: a lifespan may have set a handler
        if self._shutdown is not None:
            ends = self._interrupter()
            self._shutdown.serve(leave, interrupt or (lambda: ends.interrupt("the environment is shut down")))

    def _await_signal(self) -> None:
        if self._shutdown is None and wants_to_know():
            module = import_own("aioric.drivers.shutdown")
            shutdown: Shutdown = module.Shutdown(module.budget(self._config))
            shutdown.await_signal()
            self._shutdown = shutdown

    def close(self) -> None:
        """Leave the lifespans."""
        if self._lifespans is not None:
            seconds = 10.0 if self._shutdown is None else self._shutdown.left
            self._lifespans.leave(seconds, self._interrupter().bounded)

    @property
    def patience(self) -> float | None:
        """How many seconds what is being served may still take; `None` if nobody hurries."""
        return self._shutdown.patience if self._shutdown is not None and self._shutdown.asked else None

    def excuse(self, invocation: Invocation) -> DeadlineExceeded | None:
        """What to answer for a task that was cancelled at the deadline; `None` if it was not."""
        return None if self._watch is None else self._watch.faults.get(invocation)

    def due(self, invocation: Invocation) -> bool:
        """A handler has ended: whether there is something to be done before the next poll."""
        if self._journal.settle is not None:
            self._journal.settle(invocation)
        if self._watch is not None:
            self._watch.running.pop(invocation, None)
        return (
            invocation.background is not None
            or self._always
            or (self._garbage is not None and self._garbage.due)
        )

    def after(self, invocation: Invocation) -> None:
        """Do what is due, now that the caller has the answer."""
        self.begin(invocation)
        self._work().run(invocation, self._complete, self._interrupter().bounded)
        self._end(invocation)

    async def after_async(self, invocation: Invocation) -> None:
        """Do what is due, now that the caller has the answer, beside other invocations."""
        self.begin(invocation)
        await self._work().run_async(invocation)
        self._end(invocation)

    def _end(self, invocation: Invocation) -> None:
        if self._watch is not None:
            self._watch.leave(invocation)
        if self._garbage is not None and self._garbage.due:
            self._garbage.collect()

    def _work(self) -> Afterwards:
        if self._afterwards is None:
            hooks = self._hooks.after_response if self._hooks is not None else []
            margin = self._config.deadline_margin or 0.1
            self._afterwards = import_own("aioric.function.background").Afterwards(
                hooks, margin, self._journal
            )
        return self._afterwards

    def _interrupter(self) -> Interruption:
        if self._interruption is None:
            self._interruption = import_own("aioric.drivers.interruption").Interruption()
        return self._interruption


def _nothing(_invocation: Invocation) -> None: ...


def registered() -> Hooks | None:
    """What the function has registered; `None` if it never looked for something to register."""
    module = sys.modules.get("aioric.function.hooks")
    return None if module is None else module.registered


def wants_to_know() -> bool:
    """Whether the function does anything about the end of its environment."""
    hooks = registered()
    if hooks is not None and (hooks.lifespans or hooks.shutdown):
        return True
    return callable(_signal.getsignal(_signal.SIGTERM))


def announce(config: Config, journal: Journal) -> Extension:
    """Ask the platform to say SIGTERM. To be done before the first poll of any process."""
    extension: Extension = import_own("aioric.drivers.extension").Extension(config, journal)
    extension.register()
    return extension
