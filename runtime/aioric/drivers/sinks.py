"""A streamed answer on its way out of a lane: what waits for the peer, what the peer says, and the clock."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from time import monotonic, time

from aioric.drivers.blocking_streams import without
from aioric.drivers.bursts import Burst
from aioric.drivers.deadlines import cut_short, limits
from aioric.errors import ConnectionLost, MalformedResponse, PeerGone, PlatformRefused, StreamCut
from aioric.protocol.chunks import ChunkedAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from typing import Any

    from aioric.drivers.lanes import Lane
    from aioric.messages import Failed, Invocation, Streamed

# How many bytes may wait for a slow peer before whoever makes them has to wait too. What gathers
# meanwhile travels in one write.
HIGH_WATER = 64 * 1024
# How many writes may leave in a row before the loop has its turn: other lanes live on it.
TURN = 16
# How many parts one system call takes.
_IOV_MAX = 512


class Sink:
    """A streamed answer on its way out of a lane.

    Args:
        lane: Has the connection.
        invocation: That is answered.
        streamed: The answer.

    Attributes:
        late: What to report if the invocation's time is over before the first byte.
        broken: What went wrong where the handler wrote, until it is told.
    """

    def __init__(self, lane: Lane, invocation: Invocation, streamed: Streamed) -> None:
        self._lane = lane
        self._conversation = lane.conversation
        self._loop = asyncio.get_running_loop()
        self._burst = Burst(self._overtake)
        self._rest: list[bytes | memoryview] = []  # what the burst's thread could not send
        self._flushing = False
        self._answer = ChunkedAnswer(lane.conversation.stream(invocation, streamed), streamed.prelude)
        self._connection: socket.socket | None = None
        self._opening = asyncio.Lock()
        self._pending: list[bytes | memoryview] = []
        self._size = 0  # of what is pending
        self._turn = 0
        self._waiters: list[asyncio.Future[None]] = []
        self._heard = False  # the platform has answered, or the connection is lost
        self._lost: Exception | None = None
        self._deadline, self._until = limits(invocation)
        self._expired = False
        self.late: Failed | None = None
        self.broken: BaseException | None = None
        self._last = 0.0

    @property
    def begun(self) -> bool:
        """Whether it is too late for anything but a stream."""
        return self._answer.begun

    @property
    def ended(self) -> bool:
        """Whether it needs no end any more: it has one, or nobody would hear it."""
        return self._answer.ended or self._heard

    async def begin(self) -> None:
        """Have a connection to write on.

        Raises:
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        async with self._opening:
            if self._connection is None:
                self._connection = await self._lane.stand(self)
                self._conversation.stream_begins(poll=not self._lane.leaving)

    def write(self, piece: bytes) -> bool:
        """Send a piece, or have it sent soon; returns whether to wait for `room` before the next.

        Raises:
            PeerGone: Nobody takes it.
            StreamCut: There is no time left.
        """
        self.check()
        now = self._last = monotonic()
        burst = self._burst
        if burst.holds(piece, now):
            if not self._flushing:
                self._flushing = True
                self._loop.call_soon(self._release)
            return False
        with burst.lock:
            self._push(self._answer.piece(burst.take() + piece))
        self._turn += 1
        return self._turn >= TURN or self._size > HIGH_WATER

    def _release(self) -> None:
        """The loop is free: whoever makes the pieces waits for something."""
        self._flushing = False
        burst = self._burst
        with burst.lock:
            if not self._heard and not self._answer.ended:
                with suppress(PeerGone):  # the next piece finds out
                    self._push(self._answer.piece(burst.take()))

    def _overtake(self) -> None:  # pragma: no cover - raw thread; held by tests/streaming/test_writing.py
        """From the burst's thread, since the loop is not free: send what there is room for."""
        connection = self._connection
        if connection is None or self._pending:
            return
        parts: list[bytes | memoryview] = [*self._rest, *self._answer.piece(self._burst.take())]
        try:
            self._rest = without(parts, connection.sendmsg(parts))
        except OSError:
            self._rest = parts

    def check(self) -> None:
        """Pass if there is somebody to write to, and time.

        Raises:
            PeerGone: Nobody takes more.
            StreamCut: There is no time left.
        """
        if self._expired:
            raise StreamCut(cut_short())
        if self._heard:
            raise PeerGone("the platform has answered, or hung up, before the end of the stream")

    async def room(self) -> None:
        """Let others have their turn, and wait until the peer has taken enough."""
        self._turn = 0
        if self._size <= HIGH_WATER:
            await asyncio.sleep(0)
        while self._size > HIGH_WATER and not self._heard:
            await self._wait()

    async def end(self, failure: Failed | None) -> None:
        """Send the end, with trailers after a failure, unless there is one or nobody to hear it.

        Raises:
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        if self._expired or self.ended:
            return
        await self.begin()
        self.silence()
        if not self._heard:
            self._push_end(failure)

    def _push_end(self, failure: Failed | None) -> None:
        with self._burst.lock, suppress(PeerGone):  # `settle` finds out
            self._burst.end()
            self._push([*self._answer.piece(self._burst.take()), *self._answer.end(failure)])

    async def settle(self) -> None:
        """Wait for the acknowledgement, until the invocation's time is over.

        Raises:
            PlatformRefused: The platform will send no more.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        left = self._deadline - time()
        timer = None
        if left < float("inf"):
            timer = self._loop.call_later(
                max(left, 0), self._lose, ConnectionLost("a stream was not acknowledged in time")
            )
        try:
            while not self._heard:
                await self._wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._lane.close()
        if isinstance(self._lost, PlatformRefused):
            raise self._lost
        if self._lost is not None:
            await self._lane.recover(self._lost)

    def watch_time(self, fail: Callable[[BaseException], Failed], task: asyncio.Task[Any] | None) -> None:
        """Cut the stream, and cancel the invocation's task, shortly before its deadline."""

    def silence(self) -> None:
        """Do nothing more by the clock."""

    # The socket

    def _push(self, parts: Sequence[bytes | memoryview]) -> None:
        if self._rest:
            parts, self._rest = [*self._rest, *parts], []
        if not parts:
            return
        if self._pending:
            self._pending.extend(parts)
            self._size += sum(map(len, parts))
            return
        connection = self._connection
        assert connection is not None  # noqa: S101 - made by `begin`
        try:
            sent = connection.send(parts[0]) if len(parts) == 1 else connection.sendmsg(parts)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.heard()  # what the peer said before it left still counts
            raise PeerGone("the connection was lost while an answer was streamed") from None
        size = sum(map(len, parts))
        if sent < size:
            self._pending = without(parts, sent)
            self._size = size - sent
            self._loop.add_writer(connection.fileno(), self._flush)

    def _flush(self) -> None:
        """The peer takes bytes again."""
        connection = self._connection
        assert connection is not None  # noqa: S101 - watched only while there is one
        try:
            sent = connection.sendmsg(self._pending[:_IOV_MAX])
        except BlockingIOError:
            return
        except OSError as error:
            self.heard()
            self._lose(ConnectionLost(str(error)))
            return
        self._pending = without(self._pending, sent)
        self._size -= sent
        if not self._pending:
            self._loop.remove_writer(connection.fileno())
        if self._size <= HIGH_WATER:
            self._wake()

    def heard(self) -> None:
        """The platform speaks, or has left; until it has said all, go on."""
        conversation, connection = self._conversation, self._connection
        try:
            while connection is not None and not self._heard:
                conversation.receive(connection.recv(conversation.appetite))
                self._heard = not conversation.owing
        except BlockingIOError:
            return
        except (OSError, ConnectionLost, MalformedResponse, PlatformRefused) as error:
            self._lose(error)
        self._stop()

    def disown(self) -> None:  # pragma: no cover - in a forked child; held by tests/e2e/test_rudeness.py
        """In a process that a handler has forked: say nothing more."""
        self._heard = True
        self._pending, self._size = [], 0

    def _lose(self, error: Exception) -> None:
        if not self._heard:
            self._lost = error
            self._heard = True
        self._stop()

    def _stop(self) -> None:
        if self._connection is not None and self._pending:
            self._loop.remove_writer(self._connection.fileno())
        self._pending, self._size = [], 0
        self._connection = self._connection if self._lost is None else None
        self._lane.close()
        self._wake()

    async def _wait(self) -> None:
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
