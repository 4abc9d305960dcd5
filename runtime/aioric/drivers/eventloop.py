"""One event loop for the life of the process, one lane for each invocation at once.

For `async def` handlers. A lane is a connection that carries one invocation at a time, and each
invocation runs in a task and a context of its own. The sockets are watched directly: a transport
would hide how much of an answer has left, which decides whether it may be sent again.
"""

from __future__ import annotations

import asyncio
import socket

from aioric.drivers.blocking import has_gone, report_refusals, resolve, watch
from aioric.errors import ConnectionLost, MalformedResponse, PlatformRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    import select
    from collections.abc import Sequence

    from aioric.function.steps import Function
    from aioric.logs.setup import Journal
    from aioric.messages import Buffered, Failed, Invocation
    from aioric.protocol.conversation import Conversation


async def serve(
    function: Function,
    host: str,
    port: int,
    conversations: Sequence[Conversation],
    journal: Journal,
) -> None:
    """Serve on one lane per conversation until the platform or the function ends it.

    A lane ends only when it cannot go on, and then so do the others; but not before they have
    answered what they are serving, since their callers wait.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
        BaseException: What a handler raised to end the process.
    """
    lanes = [Lane(function, host, port, conversation, journal) for conversation in conversations]
    tasks = {asyncio.create_task(lane.serve()): lane for lane in lanes}
    ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task, lane in tasks.items():
        lane.leaving = True
        if task.done():
            lane.close()
    while busy := [task for task, lane in tasks.items() if lane.busy and not task.done()]:
        await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
    for task, lane in tasks.items():
        task.cancel()
        lane.close()
    await asyncio.gather(*tasks, return_exceptions=True)
    end = ended.pop().result()
    if end is not None:
        raise end


class Lane:
    """One connection and the invocation that it carries.

    Args:
        function: The handler to serve.
        host: Of the Runtime API.
        port: Of the Runtime API.
        conversation: Says what to send and makes sense of what arrives.
        journal: Hears of refused answers.

    Attributes:
        leaving: Whether what is being served now is to be the last.
    """

    __slots__ = (
        "_address",
        "_blocked",
        "_conversation",
        "_function",
        "_handling",
        "_journal",
        "_loop",
        "_sent",
        "_socket",
        "_waiter",
        "_watch",
        "leaving",
    )

    def __init__(
        self, function: Function, host: str, port: int, conversation: Conversation, journal: Journal
    ) -> None:
        self._function = function
        self._address = (host, port)
        self._conversation = conversation
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._watch: select.poll | None = None
        self._waiter: asyncio.Future[Invocation | None] | None = None
        self._blocked: asyncio.Future[bool] | None = None  # while the peer takes no more bytes
        self._sent = 0
        self._handling = False
        self.leaving = False

    @property
    def busy(self) -> bool:
        """Whether an invocation is being served, or its answer is not yet acknowledged."""
        return self._handling or self._conversation.owing

    @property
    def _finished(self) -> bool:
        return self.leaving and not self._conversation.owing

    async def serve(self) -> BaseException | None:
        """Poll, handle, answer, until it cannot go on or is `leaving`.

        Returns what a handler raised to end the process: a task that raises it would end the loop
        at once, and with it what the other lanes are serving.

        Raises:
            PlatformRefused: The platform will send no more.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        conversation = self._conversation
        conversation.poll()
        while (invocation := await self._exchange()) is not None:
            answer = await self._loop.create_task(self._handle(invocation))
            if isinstance(answer, BaseException):
                return answer
            conversation.answer(invocation, answer, poll=not self.leaving)
            self._handling = False
        return None

    async def _handle(self, invocation: Invocation) -> Buffered | Failed | BaseException:
        try:
            return await self._function.run_async(invocation)
        except asyncio.CancelledError as error:  # no `Exception`, and no reason to end anything
            return self._function.fail(invocation, error)
        except BaseException as error:  # noqa: BLE001 - SystemExit above all; `serve` raises it
            return error

    async def _exchange(self) -> Invocation | None:
        """Send what the conversation wants to say, and wait for the next invocation.

        Returns `None` when the lane is leaving and owes nothing.
        """
        conversation = self._conversation
        invocation: Invocation | None = None
        while invocation is None and not self._finished:
            try:
                connection = await self._connection()
                if conversation.outgoing:
                    await self._write(connection)
                invocation = await self._hear()
            except (OSError, ConnectionLost, MalformedResponse) as error:
                await self._recover(error)
            finally:
                if conversation.refusals:
                    report_refusals(conversation, self._journal)
        return invocation

    async def _connection(self) -> socket.socket:
        """The connection, if it still stands; a new one otherwise."""
        if self._watch is not None and (self._conversation.reopen or has_gone(self._watch)):
            self.close()
        if self._socket is None:
            self._sent = 0
            self._socket = await self._connect()
            self._watch = watch(self._socket)
            self._loop.add_reader(self._socket.fileno(), self._readable)
            self._conversation.reopened()
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
        for part in self._conversation.take():
            rest: bytes | memoryview = part
            while rest:
                try:
                    sent = connection.send(rest)
                except BlockingIOError:
                    if room:
                        room = await self._writable(connection)
                        continue
                    self._conversation.interrupted = True
                    return
                except ConnectionError:
                    # A peer that refuses an answer may hang up before it has read it all; what it
                    # said is there to be read, or else the end of the stream.
                    self._conversation.interrupted = True
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
        if self._conversation.interrupted:
            self._readable()  # what the peer said is here already, and uvloop may not call for it again
        return await waiter

    def _readable(self) -> None:
        """Bytes or the end of the stream have arrived."""
        conversation, waiter = self._conversation, self._waiter
        if waiter is None:
            if self._blocked is not None:
                _wake(self._blocked, False)
            else:  # while the handler runs: the peer has closed, or speaks out of turn
                self.close()
            return
        assert self._socket is not None  # noqa: S101 - watched only while it is open
        try:
            # Until nothing is left: for a connection that was reset, uvloop calls once and never
            # again, even if bytes that came before the reset are unread.
            invocation = None
            while invocation is None and not (conversation.outgoing or conversation.reopen or self._finished):
                invocation = conversation.receive(self._socket.recv(conversation.appetite))
        except BlockingIOError:
            if conversation.refusals:
                report_refusals(conversation, self._journal)
            return
        except (OSError, ConnectionLost, MalformedResponse, PlatformRefused) as error:
            self._waiter = None
            waiter.set_exception(error)
            return
        self._waiter = None
        self._handling = invocation is not None
        waiter.set_result(invocation)

    async def _recover(self, error: Exception) -> None:
        self.close()
        try:
            self._conversation.lost(self._sent)
        except ConnectionLost as end:
            raise end from error
        await asyncio.sleep(self._conversation.pause)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = self._watch = None


def _wake(blocked: asyncio.Future[bool], room: bool) -> None:  # noqa: FBT001 - a callback's argument
    if not blocked.done():
        blocked.set_result(room)
