"""A stream on its way out of a lane, on a socket that is as full, as slow or as lost as the test wants."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from typing import TYPE_CHECKING, Any, Self, cast

import pytest

from aioric.drivers.sinks import HIGH_WATER, Sink
from aioric.drivers.timed_sinks import TimedSink
from aioric.errors import PeerGone, StreamCut
from aioric.messages import Failed, Invocation, Streamed
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.streaming.taking import read_stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric.drivers.lanes import Lane

PATIENCE = 10  # seconds


def fail(error: BaseException) -> Failed:
    """Describe a failure."""
    return Failed(str(error).encode(), type(error).__name__)


class Pair:
    """A lane whose connection is one end of a small pipe, and whose peer, the other, is the test's."""

    def __init__(self) -> None:
        self.connection, self.peer = socket.socketpair()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.connection.setblocking(False)
        self.peer.setblocking(False)
        self.conversation = Conversation(RuntimeApi("127.0.0.1:1", "test"), pipeline=True)
        self.leaving = False
        self.ready = asyncio.Event()
        self.ready.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.peer.close()

    async def stand(self, _sink: Sink) -> socket.socket:
        """The connection, when it is ready."""
        await self.ready.wait()
        return self.connection

    def close(self) -> None:
        """Keep it: the test has an eye on it."""

    async def recover(self, _error: Exception) -> None:
        """There is nothing to be said again."""

    def sink(self, seconds: float | None = None, keep_alive: tuple[float, bytes] | None = None) -> TimedSink:
        """A stream for an invocation that has so many seconds left."""
        deadline = 0 if seconds is None else int((time.time() + seconds) * 1000)
        streamed = Streamed("text/plain", b"", None, keep_alive)
        return TimedSink(cast("Lane", self), Invocation("id-1", b"{}", deadline_ms=deadline), streamed)

    def fill(self) -> int:
        """Send until there is no room; returns how many bytes that took."""
        size = 0
        try:
            while True:
                size += self.connection.send(b"\0" * 1024)
        except BlockingIOError:
            return size

    def drain(self) -> bytes:
        """Take all that has been sent."""
        taken = b""
        try:
            while data := self.peer.recv(1 << 20):
                taken += data
        except BlockingIOError:
            pass
        return taken

    async def drained(self, condition: Callable[[bytes], bool]) -> bytes:
        """Take what is sent, turn by turn, until it is enough."""
        taken, deadline = b"", time.monotonic() + PATIENCE
        while not condition(taken):
            taken += self.drain()
            await asyncio.sleep(0)
            assert time.monotonic() < deadline
        return taken


async def turns(condition: Callable[[], Any]) -> None:
    """Let the loop turn until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        await asyncio.sleep(0.001)
        assert time.monotonic() < deadline


async def test_what_has_no_room_leaves_when_there_is() -> None:
    """It is sent in the order it was made, and whoever makes it waits until little is left."""
    with Pair() as pair:
        sink = pair.sink()
        await sink.begin()
        assert sink.write(b"a" * 3 * HIGH_WATER)
        sink.write(b"b" * HIGH_WATER)
        room = asyncio.create_task(sink.room())
        taken = await pair.drained(lambda _: room.done())
        await sink.end(None)
        taken += await pair.drained(lambda rest: (taken + rest).endswith(b"0\r\n\r\n"))

    assert (taken.count(b"a" * 3 * HIGH_WATER), taken.count(b"b" * HIGH_WATER)) == (1, 1)


async def test_what_a_blocked_loop_could_not_send_goes_before_the_rest() -> None:
    """A burst that is held while the loop is blocked leaves as far as there is room, and then in order."""
    made = b""
    wire = b""
    with Pair() as pair:
        sink = pair.sink()
        await sink.begin()
        for number in range(5):
            pieces = [b"."] * 10 + [b"%d" % number * 1000] * 30
            for piece in pieces:
                sink.write(piece)
                wire += pair.drain() if piece == b"." else b""
            assert select.select([pair.peer], [], [], PATIENCE)[0]  # blocks the loop
            sink.write(b"!")
            made += b"".join(pieces) + b"!"
            wire += await pair.drained(lambda taken: b"!" in taken)
        await sink.end(None)
        wire += await pair.drained(lambda taken: taken.endswith(b"0\r\n\r\n"))

    taken = read_stream(wire)
    assert taken is not None
    assert taken.body == made


async def test_a_full_socket_is_no_error() -> None:
    """Not for the first piece, nor for what waits: it just has to wait on."""
    with Pair() as pair:
        sink = pair.sink()
        await sink.begin()
        pair.fill()
        sink.write(b"first")
        assert b"first" not in pair.drain()
        asyncio.get_running_loop().call_soon(pair.fill)  # before the loop tells the sink that there is room
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        taken = await pair.drained(lambda taken: b"first" in taken)

    assert taken.count(b"first") == 1


async def test_a_peer_that_leaves_while_bytes_wait_is_lost() -> None:
    """Whoever waits for room is told by the next write."""
    with Pair() as pair:
        sink = pair.sink()
        await sink.begin()
        sink.write(b"a" * 3 * HIGH_WATER)
        impatient, patient = asyncio.create_task(sink.room()), asyncio.create_task(sink.room())
        await asyncio.sleep(0)
        impatient.cancel()
        pair.peer.close()
        await patient
        with pytest.raises(PeerGone):
            sink.write(b"more")
        assert sink.ended


async def test_a_silent_peer_has_said_nothing() -> None:
    """To be woken for nothing changes nothing."""
    with Pair() as pair:
        sink = pair.sink()
        await sink.begin()
        sink.heard()
        assert not sink.ended


async def test_an_end_that_comes_too_late_is_not_sent() -> None:
    """The peer may leave between the beginning of a stream and its end."""
    with Pair() as pair:
        pair.ready.clear()
        sink = pair.sink()

        async def begin() -> None:
            await sink.begin()
            pair.peer.close()
            sink.heard()

        both = asyncio.gather(begin(), sink.end(None))
        await asyncio.sleep(0)
        pair.ready.set()
        await both
        assert (sink.begun, sink.ended) == (False, True)


async def test_after_its_time_nothing_is_written() -> None:
    """A stream that was cut, whoever makes it, has its end, and takes no more."""
    with Pair() as pair:
        sink = pair.sink(seconds=0.05)
        sink.watch_time(fail, None)
        await sink.begin()
        sink.write(b"in time")
        await turns(lambda: sink.ended)
        with pytest.raises(StreamCut):
            sink.write(b"too late")
        assert sink.excuse()
        assert b"StreamCut" in pair.drain()


async def test_the_time_of_a_lost_stream_does_not_matter() -> None:
    """When the peer has left there is nothing to cut, and nothing to keep alive."""
    with Pair() as pair:
        sink = pair.sink(seconds=0.05, keep_alive=(0.001, b":\n"))
        sink.watch_time(fail, asyncio.current_task())
        await sink.begin()
        pair.peer.close()
        sink.heard()
        over = asyncio.get_running_loop().time() + 0.06
        await turns(lambda: asyncio.get_running_loop().time() > over)
        assert (sink.late, sink.excuse()) == (None, False)
        sink.silence()


async def test_a_comment_that_comes_too_late_is_not_sent() -> None:
    """The peer may leave while the connection for a comment is made."""
    with Pair() as pair:
        pair.ready.clear()
        sink = pair.sink(keep_alive=(0.001, b":comment\n"))

        async def begin() -> None:
            await sink.begin()
            pair.peer.shutdown(socket.SHUT_WR)
            sink.heard()

        both = asyncio.create_task(begin())
        await turns(lambda: len(asyncio.all_tasks()) > 2)  # the comment has begun
        pair.ready.set()
        await both
        await turns(lambda: len(asyncio.all_tasks()) == 1)
        assert (sink.begun, pair.drain()) == (False, b"")
