"""Which invocation the running code belongs to: for log records and the trace id.

A process that serves one invocation at a time has one answer for every thread, also for threads
that the function started long ago. With several in flight the answer belongs to the context (task
or copied thread context) that asks.
"""

from __future__ import annotations

from _contextvars import ContextVar  # `contextvars` is only this, behind a module more to read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aioric.messages import Invocation

serving: ContextVar[Invocation | None] = ContextVar("aioric_invocation", default=None)

# What collects an answer that would otherwise be streamed by the invocation's lane.
collecting: ContextVar[Any] = ContextVar("aioric_collector", default=None)


class Identity:
    """Remembers the current invocation, for the whole process or for each context.

    Args:
        alone: Whether this process serves one invocation at a time.
    """

    __slots__ = ("_latest", "alone")

    def __init__(self, *, alone: bool) -> None:
        self.alone = alone
        self._latest: Invocation | None = None

    def enter(self, invocation: Invocation) -> None:
        """Make this the current invocation of the calling context (or of the process, when alone)."""
        if self.alone:
            self._latest = invocation
        else:
            serving.set(invocation)

    def enter_context(self, invocation: Invocation) -> None:
        """Likewise on an event loop, where the calling context always knows it."""
        serving.set(invocation)
        if self.alone:
            self._latest = invocation

    def current(self) -> Invocation | None:
        """The current invocation; when alone, the latest one stays current until the next arrives."""
        return self._latest if self.alone else serving.get()
