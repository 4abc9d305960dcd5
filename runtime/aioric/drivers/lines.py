"""The connection of an event loop's lane: opened when it is needed, watched, written to, given up.

The socket is watched directly: a transport would hide how much of an answer has left, which decides
whether it may be sent again.
"""

from __future__ import annotations

import asyncio
import os
import socket
from _contextvars import copy_context

from aioric.drivers.sockets import hang_up, has_gone, off_standard, resolve, watch
from aioric.errors import ConnectionLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    import select
    from collections.abc import Callable, Sequence

    from aioric.protocol.conversation import Conversation


class Line:
    """One connection at a time, and what is left to be said on it.

    Args:
        host: Of the Runtime API.
        port: Of the Runtime API.
        conversation: Says what to send and what a lost connection means.
        hear: Called when bytes or the end of the stream have arrived.

    Attributes:
        abandoned: Whether no connection shall be opened any more.
        conversation: The same.
        disowned: Whether this process was forked by a handler, so that the connection is its parent's.
        leaving: Whether what is being served now is to be the last.
    """

    __slots__ = (
        "_address",
        "_blocked",
        "_context",
        "_hear",
        "_loop",
        "_sent",
        "_socket",
        "_unsent",
        "_watch",
        "abandoned",
        "conversation",
        "disowned",
        "leaving",
    )

    def __init__(self, host: str, port: int, conversation: Conversation, hear: Callable[[], object]) -> None:
        self._address = (host, port)
        self._hear = hear
        self.conversation = conversation
        self.abandoned = False
        self.disowned = False
        self.leaving = False
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # for what follows an event, whoever has opened the connection
        self._socket: socket.socket | None = None
        self._watch: select.poll | None = None
        self._blocked: asyncio.Future[bool] | None = None  # while the peer takes no more bytes
        self._sent = 0
        self._unsent: memoryview | None = None  # the rest of an answer that has begun to leave

    def _finished(self) -> bool:
        return not self.conversation.expecting or (self.leaving and not self.conversation.owing)

    def _say(self) -> bool:
        """Write what the conversation wants to say, if that is one part and the connection takes it all.

        If it does not, `_speak` goes on from there.
        """
        connection, conversation = self._socket, self.conversation
        if connection is None or self._watch is None or conversation.reopen or has_gone(self._watch):
            return False
        part = conversation.outgoing.pop()
        self._sent = 0
        try:
            self._sent = connection.send(part)
        except OSError:  # full or lost: the next try tells
            self._unsent = memoryview(part)
            return False
        if self._sent == len(part):
            return True
        self._unsent = memoryview(part)[self._sent :]
        return False

    async def _speak(self) -> bool:
        """Write what the conversation wants to say, on a connection that stands.

        Returns false, and has written nothing, if it was told to leave while the connection was opened.

        Raises:
            OSError: There is no connection to be had.
            ConnectionLost: The one on which an answer had begun to leave is gone, or there shall be none.
        """
        rest, self._unsent = self._unsent, None
        if rest is None:
            connection = await self._connection()
            if self._finished():
                return False
            await self._write(connection, self.conversation.take())
        elif self._socket is None:
            raise ConnectionLost("the connection was lost in the middle of an answer")
        else:
            await self._write(self._socket, (rest,))
        return True

    async def _connection(self) -> socket.socket:
        """The connection, if it still stands; a new one otherwise."""
        self._sent = 0
        if self._watch is not None and (self.conversation.reopen or has_gone(self._watch)):
            self.close()
        if self._socket is None:
            self._socket = await self._connect()
            self._watch = watch(self._socket)
            self._context.run(self._loop.add_reader, self._socket.fileno(), self._hear)
            self.conversation.reopened()
        return self._socket

    async def _connect(self) -> socket.socket:
        if self.disowned:  # pragma: no cover - in a forked child; held by tests/e2e/test_rudeness.py
            raise SystemExit
        if self.abandoned:
            raise ConnectionLost("nothing is said any more")
        # Not the loop's own resolver, which would start a thread pool for an address in digits.
        return await self._open_first(resolve(*self._address))

    async def _open_first(self, places: list[tuple[int, tuple[object, ...]]]) -> socket.socket:
        """Open a connection to the first place where somebody listens.

        Raises:
            OSError: Nobody does; what the last one said.
        """
        *others, last = places
        for place in others:
            try:
                return await self._open(*place)
            except OSError:
                continue
        return await self._open(*last)

    async def _open(self, family: int, address: tuple[object, ...]) -> socket.socket:
        connection = off_standard(socket.socket(family, socket.SOCK_STREAM))
        try:
            connection.setblocking(False)
            await self._reach(connection, address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _reach(self, connection: socket.socket, address: tuple[object, ...]) -> None:
        """Connect. Not by uvloop's `sock_connect`: it imports a codec for names of hosts, in every worker.

        Raises:
            OSError: Nobody listens there.
        """
        try:
            connection.connect(address)
        except BlockingIOError:
            connected = self._loop.create_future()
            self._loop.add_writer(connection.fileno(), wake, connected, True)
            try:
                await connected
            finally:
                self._loop.remove_writer(connection.fileno())
            if error := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(error, os.strerror(error)) from None

    async def _write(self, connection: socket.socket, parts: Sequence[bytes | memoryview]) -> None:
        room = True
        for part in parts:
            rest = part
            while rest:
                try:
                    sent = connection.send(rest)
                except BlockingIOError:
                    if room:
                        room = await self._writable(connection)
                        continue
                    self.conversation.interrupted = True
                    return
                except ConnectionError:
                    # A peer that refuses an answer may hang up before it has read it all; what it
                    # said is there to be read, or else the end of the stream.
                    self.conversation.interrupted = True
                    return
                self._sent += sent
                rest = memoryview(rest)[sent:] if sent < len(rest) else b""

    async def _writable(self, connection: socket.socket) -> bool:
        """Wait for room to write (true), or until the peer speaks or leaves before it has read all."""
        self._blocked = self._loop.create_future()
        self._loop.add_writer(connection.fileno(), wake, self._blocked, True)
        try:
            return await self._blocked
        finally:
            self._blocked = None
            self._loop.remove_writer(connection.fileno())

    async def recover(self, error: Exception) -> None:
        """Give a failed connection up; what to say again is the conversation's decision.

        Raises:
            ConnectionLost: It failed too often in a row.
        """
        self.close()
        try:
            self.conversation.lost(self._sent)
        except ConnectionLost as end:
            raise end from error
        await asyncio.sleep(self.conversation.pause)

    def _part(self) -> None:
        """End the wait for an event; one that has arrived already is read."""
        if self._socket is not None and self._watch is not None:
            hang_up(self._socket, self._watch)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = self._watch = None

    def disown(self) -> None:  # pragma: no cover - in a forked child; held by tests/e2e/test_rudeness.py
        """In a process that a handler has forked: leave the connection to the parent, and its loop alone."""
        self.disowned = True
        if self._socket is not None:
            self._socket.close()
            self._socket = self._watch = None

    def abandon(self) -> None:
        """Close the connection, and open none any more."""
        self.abandoned = True
        self.close()


def wake(blocked: asyncio.Future[bool], room: bool) -> None:  # noqa: FBT001 - a callback's argument
    """Tell who waits for room whether there is any; the first to tell it counts."""
    if not blocked.done():
        blocked.set_result(room)
