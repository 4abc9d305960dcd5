"""What a lane's stream does by the clock: it ends before the invocation's time, and keeps itself alive."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic, time

from aioric.drivers.deadlines import cut_short
from aioric.drivers.sinks import Sink
from aioric.errors import ConnectionLost, PeerGone, StreamCut

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

    from aioric.drivers.lanes import Lane
    from aioric.messages import Failed, Invocation, Streamed


class TimedSink(Sink):
    """A `Sink` with a clock; the arguments are the same."""

    def __init__(self, lane: Lane, invocation: Invocation, streamed: Streamed) -> None:
        super().__init__(lane, invocation, streamed)
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._pulse: asyncio.TimerHandle | None = None
        if streamed.keep_alive is not None:
            self._last = monotonic()
            self._pulse = self._loop.call_later(streamed.keep_alive[0], self._beat, *streamed.keep_alive)

    def watch_time(self, fail: Callable[[BaseException], Failed], task: asyncio.Task[Any] | None) -> None:
        """Cut the stream, and cancel the invocation's task, shortly before its deadline."""
        if self._until < float("inf"):
            self._task = task
            self._timer = self._loop.call_later(self._until - time(), self._expire, fail)

    def excuse(self) -> bool:
        """Whether a cancellation was ours; if so, it is over."""
        if self._expired and self._task is not None:
            self._task.uncancel()
        return self._expired

    def _expire(self, fail: Callable[[BaseException], Failed]) -> None:
        if self.ended:
            return
        self._expired = True
        self.late = fail(StreamCut(cut_short()))
        if self._size:  # a piece may have left in part: no end can be told
            self._lose(ConnectionLost("the Runtime API did not take a stream in time"))
        elif self.begun:
            self._push_end(self.late)
        if self._task is not None:
            self._task.cancel()

    def _beat(self, interval: float, comment: bytes) -> None:
        """Send the comment if nothing else was sent for the interval."""
        if self._pulse is None or self.ended:
            return
        pause = self._last + interval - monotonic()
        if pause <= 0:
            pause = interval
            self._last = monotonic()
            self._loop.create_task(self._comment(comment))
        self._pulse = self._loop.call_later(pause, self._beat, interval, comment)

    async def _comment(self, comment: bytes) -> None:
        with suppress(PeerGone, StreamCut, ConnectionLost):  # the next piece finds out too
            await self.begin()
            if not self.ended:
                self.write(comment)

    def silence(self) -> None:
        """Do nothing more by the clock."""
        for timer in (self._timer, self._pulse):
            if timer is not None:
                timer.cancel()
        self._timer = self._pulse = None
