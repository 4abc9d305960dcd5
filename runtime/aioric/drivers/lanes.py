"""A lane of the event loop: a connection that carries one invocation at a time.

Each invocation runs in a task and a context of its own. The socket is watched directly: a transport
would hide how much of an answer has left, which decides whether it may be sent again.
"""

from __future__ import annotations

import asyncio
import socket

from aioric.drivers.blocking import report_refusals
from aioric.drivers.sockets import hang_up, has_gone, resolve, watch
from aioric.errors import ConnectionLost, MalformedResponse, PlatformRefused
from aioric.function.aside import import_own
from aioric.identity import stage
from aioric.messages import Streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import select
    from typing import Any

    from aioric.drivers.sinks import Sink
    from aioric.function.steps import Function
    from aioric.logs.setup import Journal
    from aioric.messages import Buffered, Failed, Invocation
    from aioric.protocol.conversation import Conversation


class Lane:
    """One connection and the invocation that it carries.

    Args:
        function: The handler to serve.
        host: Of the Runtime API.
        port: Of the Runtime API.
        conversation: Says what to send and makes sense of what arrives.
        journal: Hears of refused answers.

    Attributes:
        conversation: The same, as are `function` and `journal`.
        leaving: Whether what is being served now is to be the last.
        task: Where the latest invocation is, or was, served.
    """

    def __init__(
        self, function: Function, host: str, port: int, conversation: Conversation, journal: Journal
    ) -> None:
        self.function = function
        self._address = (host, port)
        self.conversation = conversation
        self.journal = journal
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._watch: select.poll | None = None
        self._waiter: asyncio.Future[Invocation | None] | None = None
        self._blocked: asyncio.Future[bool] | None = None  # while the peer takes no more bytes
        self._sent = 0
        self._handling = False
        self._parting = False  # takes leave: it ends when what has arrived is read
        self._serving: Invocation | None = None
        self.task: asyncio.Task[Any] | None = None
        self._sink: Sink | None = None  # while an answer is streamed
        self.leaving = False

    @property
    def busy(self) -> bool:
        """Whether an invocation is, or may have to be, served, or its answer is not yet acknowledged."""
        return self._handling or self._parting or self.conversation.owing

    def leave(self) -> None:
        """Take no further event. What has arrived already is read, and served."""
        self.leaving = True
        if self._socket is not None and self._waiter is not None and not self.conversation.owing:
            assert self._watch is not None  # noqa: S101 - it is there with the socket
            self._parting = True
            hang_up(self._socket, self._watch)

    def _finished(self) -> bool:
        return not self.conversation.expecting or (self.leaving and not self.conversation.owing)

    async def serve(self) -> BaseException | None:
        """Poll, handle, answer, until it cannot go on or is `leaving`.

        Returns what a handler raised to end the process: a task that raises it would end the loop
        at once, and with it what the other lanes are serving.

        Raises:
            PlatformRefused: The platform will send no more.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        conversation = self.conversation
        conversation.poll()
        while (invocation := await self.exchange()) is not None:
            self._serving = invocation
            self.task = self._loop.create_task(self._handle(invocation))
            answer = await self.task
            if isinstance(answer, BaseException):
                return answer
            due = self.function.due(invocation)
            if answer is not None:
                conversation.answer(invocation, answer, poll=not (self.leaving or due))
            self._serving = self._sink = None
            if due:
                await import_own("aioric.drivers.aftermath").finish(self, invocation)
            self._handling = False
        return None

    async def _handle(self, invocation: Invocation) -> Buffered | Failed | BaseException | None:
        """Serve an invocation; returns the answer, or `None` if it has been streamed."""
        stage.set((self, invocation))
        answer: Buffered | Failed | Streamed
        try:
            try:
                answer = await self.function.run_async(invocation)
            except asyncio.CancelledError as error:  # no `Exception`, and no reason to end anything
                answer = (self._sink and self._sink.late) or self.function.cancelled(invocation, error)
            if isinstance(answer, Streamed) or self._sink is not None:
                streams = import_own("aioric.drivers.eventloop_streams")
                return await streams.answer(self, self._sink, invocation, answer)  # type: ignore[no-any-return]  # a late import
        except BaseException as error:  # noqa: BLE001 - SystemExit above all; `serve` raises it
            return error
        return answer

    def open_stream(self, invocation: Invocation, streamed: Streamed) -> Sink:
        """Begin to stream the answer while the handler runs.

        Raises:
            RuntimeError: The invocation is over, or its answer is streamed already.
        """
        if self._serving is not invocation:
            raise RuntimeError("the invocation is over, so its answer cannot be streamed any more")
        if self._sink is not None:
            raise RuntimeError("the answer of this invocation is streamed already")
        sink: Sink = import_own("aioric.drivers.timed_sinks").TimedSink(self, invocation, streamed)
        sink.watch_time(self.function.fail_stream(invocation), self.task)
        self._sink = sink
        return sink

    async def exchange(self) -> Invocation | None:
        """Send what the conversation wants to say, and wait for the next invocation.

        Returns `None` when the lane is leaving and owes nothing.
        """
        conversation = self.conversation
        invocation: Invocation | None = None
        while invocation is None and not self._finished():
            try:
                connection = await self._connection()
                if self._finished():  # told to leave while it was opened
                    break
                await self._write(connection)
                invocation = await self._hear()
            except (OSError, ConnectionLost, MalformedResponse) as error:
                await self.recover(error)
            finally:
                if conversation.refusals:
                    report_refusals(conversation, self.journal)
        return invocation

    async def stand(self, sink: Sink) -> socket.socket:
        """A connection that the peer has not closed, for a stream, which hears what is said on it.

        Raises:
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        self._sink = sink
        while True:
            try:
                return await self._connection()
            except OSError as error:
                await self.recover(error)

    async def _connection(self) -> socket.socket:
        """The connection, if it still stands; a new one otherwise."""
        if self._watch is not None and (self.conversation.reopen or has_gone(self._watch)):
            self.close()
        if self._socket is None:
            self._sent = 0
            self._socket = await self._connect()
            self._watch = watch(self._socket)
            self._loop.add_reader(self._socket.fileno(), self._readable)
            self.conversation.reopened()
        return self._socket

    async def _connect(self) -> socket.socket:
        # Not the loop's own resolver, which would start a thread pool for an address in digits.
        family, address = resolve(*self._address)
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            await self._loop.sock_connect(connection, address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _write(self, connection: socket.socket) -> None:
        self._sent = 0
        room = True
        for part in self.conversation.take():
            rest: bytes | memoryview = part
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
        self._loop.add_writer(connection.fileno(), _wake, self._blocked, True)
        try:
            return await self._blocked
        finally:
            self._blocked = None
            self._loop.remove_writer(connection.fileno())

    async def _hear(self) -> Invocation | None:
        """Wait for an invocation, or (`None`) until the conversation has something to say."""
        waiter: asyncio.Future[Invocation | None] = self._loop.create_future()
        self._waiter = waiter
        if self.conversation.interrupted:
            self._readable()  # what the peer said is here already, and uvloop may not call for it again
        return await waiter

    def _readable(self) -> None:
        """Bytes or the end of the stream have arrived."""
        conversation, waiter = self.conversation, self._waiter
        if waiter is None:
            if self._blocked is not None:
                _wake(self._blocked, False)
            elif self._sink is not None and conversation.owing:
                self._sink.heard()
            else:  # while the handler runs: the peer has closed, or speaks out of turn
                self.close()
            return
        assert self._socket is not None  # noqa: S101 - watched only while it is open
        try:
            # Until nothing is left: for a connection that was reset, uvloop calls once and never
            # again, even if bytes that came before the reset are unread.
            invocation = None
            while not (invocation or conversation.outgoing or conversation.reopen or self._finished()):
                invocation = conversation.receive(self._socket.recv(conversation.appetite))
        except BlockingIOError:
            if conversation.refusals:
                report_refusals(conversation, self.journal)
            return
        except (OSError, ConnectionLost, MalformedResponse, PlatformRefused) as error:
            self._waiter = None
            waiter.set_exception(error)
            return
        self._waiter = None
        self._handling = self._handling or invocation is not None
        waiter.set_result(invocation)

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

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = self._watch = None


def _wake(blocked: asyncio.Future[bool], room: bool) -> None:  # noqa: FBT001 - a callback's argument
    if not blocked.done():
        blocked.set_result(room)
