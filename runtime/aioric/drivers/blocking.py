"""One socket, the main thread, one invocation at a time: for plain `def` handlers.

No event loop, so that a handler may call `asyncio.run()`, and signal handlers run while we wait.
"""

from __future__ import annotations

import os
import time

from aioric.drivers.sockets import connect, hang_up, has_gone, watch
from aioric.errors import ConnectionLost, MalformedResponse
from aioric.function.aside import import_own
from aioric.messages import Streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    import select
    from collections.abc import Callable

    from aioric.function.steps import Around
    from aioric.logs.setup import Journal
    from aioric.messages import Buffered, Failed, Invocation
    from aioric.protocol.conversation import Conversation

DEBUG = 10  # as in `logging`, which a function may never import
WARNING = 30

# What the platform says to an answer for which nobody waits: the timeout itself, then no such request.
TOO_LATE = ("410 ", "400 ")


def serve(
    line: Line,
    handle: Callable[[Invocation], Buffered | Failed | Streamed],
    conversation: Conversation,
    around: Around | None = None,
) -> None:
    """Poll, handle, answer, until the line is told to leave.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
    """
    os.register_at_fork(after_in_child=line.disown)
    if around is not None:
        around.await_shutdown(line.leave, None)
    conversation.poll()
    while (invocation := line.exchange()) is not None:
        answer: Buffered | Failed | Streamed | None = handle(invocation)
        if isinstance(answer, Streamed):
            answer = None if line.disowned else stream(line, conversation, invocation, answer)
        if line.disowned:
            line.retire()
        due = around is not None and around.due(invocation)
        if answer is not None:
            conversation.answer(invocation, answer, poll=not (due or line.leaving))
        if due:
            assert around is not None  # noqa: S101 - for the type checker
            finish(line, conversation, around, invocation)


def finish(line: Line, conversation: Conversation, around: Around, invocation: Invocation) -> None:
    """Send the answer, do what is to be done once the caller has it, and only then poll.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
    """
    if not conversation.owing:  # it was streamed
        conversation.withhold()
    line.exchange()
    around.after(invocation)
    if not line.leaving:
        conversation.poll()


def stream(
    line: Line, conversation: Conversation, invocation: Invocation, answer: Streamed, *, poll: bool = True
) -> Failed | None:
    """Send a streamed answer; returns what to answer instead, if it failed before its first byte.

    The poll follows with the next `exchange`, unless `poll` is false.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
    """
    sent: Failed | None = import_own("aioric.drivers.blocking_streams").stream(
        line, conversation, invocation, answer, poll=poll
    )
    return sent


class Line:
    """A conversation's connection, opened when needed and again when lost.

    Args:
        host: Of the Runtime API.
        port: Of the Runtime API.
        conversation: Says what to send and makes sense of what arrives.
        journal: Hears of refused answers.

    Attributes:
        disowned: Whether this process was forked by a handler, so that the connection is its parent's.
        leaving: Whether what is being served now is to be the last.
    """

    __slots__ = ("_address", "_conversation", "_journal", "_sent", "_socket", "_watch", "disowned", "leaving")

    def __init__(self, host: str, port: int, conversation: Conversation, journal: Journal) -> None:
        self._address = (host, port)
        self._conversation = conversation
        self._journal = journal
        self._socket: _socket.socket | None = None
        self._watch: select.poll | None = None
        self._sent = 0
        self.disowned = False
        self.leaving = False

    def leave(self) -> None:
        """Take no further event. May be called from a signal handler, whatever the line is doing."""
        self.leaving = True
        connection, watching, conversation = self._socket, self._watch, self._conversation
        if (
            connection is not None
            and watching is not None
            and conversation.expecting
            and not conversation.owing
        ):
            hang_up(connection, watching)

    def exchange(self) -> Invocation | None:
        """Send what the conversation wants to say, and wait for the next invocation.

        Returns `None` when the platform owes us nothing, or nothing but an event that we would not take.

        Raises:
            PlatformRefused: The platform will send no more.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        conversation = self._conversation
        invocation: Invocation | None = None
        while not self._finished():
            try:
                connection = self._connection()
                if self.leaving and self._finished():  # told so while it was opened
                    break
                while True:
                    if conversation.outgoing:
                        self._write(connection)
                    invocation = conversation.receive(connection.recv(conversation.appetite))
                    if invocation is not None or conversation.reopen or self._finished():
                        break
            except (OSError, ConnectionLost, MalformedResponse) as error:
                self.recover(error)
            finally:
                if conversation.refusals:
                    report_refusals(conversation, self._journal)
            if invocation is not None:
                return invocation
        return None

    def _finished(self) -> bool:
        conversation = self._conversation
        return not conversation.expecting or (self.leaving and not conversation.owing)

    def stand(self) -> _socket.socket:
        """A connection that the peer has not closed, to stream an answer on.

        Raises:
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        while True:
            try:
                return self._connection()
            except OSError as error:
                self.recover(error)

    def _connection(self) -> _socket.socket:
        """The connection, if it still stands; a new one otherwise."""
        if self._watch is not None and (self._conversation.reopen or has_gone(self._watch)):
            self.close()
        if self._socket is None:
            if self.disowned:
                self.retire()
            self._sent = 0
            self._socket = connect(*self._address)
            self._watch = watch(self._socket)
            self._conversation.reopened()
        return self._socket

    def _write(self, connection: _socket.socket) -> None:
        self._sent = 0
        try:
            for part in self._conversation.take():
                rest: bytes | memoryview = part
                while rest:
                    sent = connection.send(rest)
                    self._sent += sent
                    rest = memoryview(rest)[sent:] if sent < len(rest) else b""
        except ConnectionError:
            # A peer that refuses an answer may hang up before it has read it all; what it said is
            # there to be read, or else the end of the stream.
            self._conversation.interrupted = True

    def recover(self, error: Exception) -> None:
        """Give a failed connection up; what to say again is the conversation's decision.

        Raises:
            ConnectionLost: It failed too often in a row.
        """
        conversation = self._conversation
        self.close()
        try:
            conversation.lost(self._sent)
        except ConnectionLost as end:
            raise end from error
        time.sleep(conversation.pause)

    def disown(self) -> None:
        """In a process that a handler has forked: leave the connection to the parent, who answers."""
        self.disowned = True
        self.close()

    def retire(self) -> None:
        """End the process that a handler has forked, now that it has done what the handler does.

        Raises:
            SystemExit: Always.
        """
        import_own("aioric.drivers.forked").leave(self._journal)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._socket is not None:
            self._socket.close()
            self._socket = self._watch = None


def report_refusals(conversation: Conversation, journal: Journal) -> None:
    """Log the answers that the platform did not accept.

    One that comes too late is no news: the platform has reported the timeout, and its rule on Managed
    Instances is that the handler goes on.
    """
    late = 0 < conversation.deadline_ms <= time.time() * 1000
    for refusal in conversation.refusals:
        level = DEBUG if late and refusal.startswith(TOO_LATE) else WARNING
        journal.note(level, f"The platform did not accept an answer: {refusal}")
    conversation.refusals.clear()
