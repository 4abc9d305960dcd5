"""A streamed answer from the main thread: piece after piece, each as soon as it is there."""

from __future__ import annotations

import _socket
import select
from time import time

from aioric.drivers.bursts import Burst
from aioric.drivers.deadlines import cut_short, limits
from aioric.drivers.pulse import Pulse
from aioric.errors import ConnectionLost, MalformedResponse, PeerGone, StreamCut
from aioric.protocol.chunks import ChunkedAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from aioric.drivers.blocking import Line
    from aioric.messages import Failed, Invocation, Streamed
    from aioric.protocol.conversation import Conversation


def stream(
    line: Line, conversation: Conversation, invocation: Invocation, streamed: Streamed, *, poll: bool
) -> Failed | None:
    """Send an answer while it is made, and wait until the platform has acknowledged it.

    Returns the failure if there was one before the first byte, which is then the answer.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
    """
    sink = Sink(line, conversation, invocation, streamed, poll=poll)
    pieces = streamed.pieces
    try:
        end: Failed | None = pieces.pour(sink.write)
        if end is not None and not sink.begun:
            return end
        sink.end(end)
    except PeerGone as gone:
        pieces.stop(gone)
    except StreamCut as cut:
        failure: Failed = pieces.fail(cut)
        if not sink.begun:
            pieces.stop(cut)
            return failure
        sink.cut(failure)
        pieces.stop(cut)
    finally:
        sink.silence()
    sink.settle()
    return None


class Sink:
    """A streamed answer on its way out.

    Args:
        line: Has the connection.
        conversation: The line's.
        invocation: That is answered.
        streamed: The answer.
        poll: Whether another invocation is wanted after it.
    """

    __slots__ = (
        "_answer",
        "_burst",
        "_connection",
        "_conversation",
        "_deadline",
        "_line",
        "_lost",
        "_poll",
        "_pulse",
        "_rest",
        "_until",
        "_watch",
    )

    def __init__(
        self,
        line: Line,
        conversation: Conversation,
        invocation: Invocation,
        streamed: Streamed,
        *,
        poll: bool,
    ) -> None:
        self._line = line
        self._conversation = conversation
        self._poll = poll
        self._answer = ChunkedAnswer(conversation.stream(invocation, streamed), streamed.prelude)
        self._connection: _socket.socket | None = None
        self._watch: select.poll | None = None
        self._deadline, self._until = limits(invocation)
        self._lost: Exception | None = None
        self._burst = Burst(self._flush)
        self._rest: list[bytes | memoryview] = []  # what the burst's thread could not send
        self._pulse = None if streamed.keep_alive is None else Pulse(self._comment, *streamed.keep_alive)

    @property
    def begun(self) -> bool:
        """Whether it is too late for anything but a stream."""
        return self._answer.begun

    def write(self, piece: bytes) -> None:
        """Send a piece; returns when the system has taken it.

        Raises:
            PeerGone: Nobody takes it.
            StreamCut: There is no time left.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        now = time()
        if now > self._until:
            raise StreamCut(cut_short())
        if self._pulse is not None:
            self._pulse.last = now
        if self._burst.holds(piece, now):
            return
        with self._burst.lock:
            if self._connection is None:
                self._begin()
            self._send(self._answer.piece(self._burst.take() + piece))

    def _comment(self, comment: bytes) -> None:
        with self._burst.lock:
            if not self._answer.ended:
                if self._connection is None:
                    self._begin()
                self._send(self._answer.piece(self._burst.take() + comment))

    def end(self, failure: Failed | None) -> None:
        """Send the end, with trailers after a failure; raises as `write`."""
        self.silence()
        with self._burst.lock:
            if self._connection is None:
                self._begin()
            self._burst.end()
            self._send([*self._answer.piece(self._burst.take()), *self._answer.end(failure)])

    def cut(self, failure: Failed) -> None:
        """Send the end if the peer takes it at once; otherwise give the connection up."""
        self.silence()
        if self._lost is not None:
            return
        self._until = 0.0
        try:
            with self._burst.lock:
                self._burst.end()
                self._send([*self._answer.piece(self._burst.take()), *self._answer.end(failure)])
        except (PeerGone, StreamCut):
            return  # `settle` finds out

    def settle(self) -> None:
        """Wait for the acknowledgement, until the invocation's time is over.

        Raises:
            PlatformRefused: The platform will send no more.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
        if self._line.disowned:  # nobody speaks to a process that the handler has forked
            return
        conversation, connection = self._conversation, self._connection
        assert connection is not None  # noqa: S101 - a stream that has begun has one
        try:
            if self._lost is not None:
                raise self._lost
            while conversation.owing:
                self._await_word()
                conversation.receive(connection.recv(conversation.appetite))
        except (OSError, ConnectionLost, MalformedResponse) as error:
            self._line.recover(error)
        self._line.close()

    def silence(self) -> None:
        """Send no more to keep the connection alive."""
        pulse, self._pulse = self._pulse, None
        if pulse is not None:
            pulse.end()

    def _begin(self) -> None:
        self._connection = self._line.stand()
        self._conversation.stream_begins(poll=self._poll)

    def _flush(self) -> None:
        """Send what is held as far as there is room; what goes wrong, the next piece finds out."""
        assert self._connection is not None  # noqa: S101 - nothing is held before the first pieces
        parts: list[bytes | memoryview] = [*self._rest, *self._answer.piece(self._burst.take())]
        try:
            self._rest = without(parts, self._connection.sendmsg(parts, (), _socket.MSG_DONTWAIT))
        except OSError:
            self._rest = parts

    def _send(self, parts: Sequence[bytes | memoryview]) -> None:
        connection = self._connection
        assert connection is not None  # noqa: S101 - made by `_begin`
        rest = [*self._rest, *parts]
        self._rest = []
        while rest:
            try:
                sent = (
                    connection.send(rest[0], _socket.MSG_DONTWAIT)
                    if len(rest) == 1
                    else connection.sendmsg(rest, (), _socket.MSG_DONTWAIT)
                )
            except BlockingIOError:
                self._await_room()
                continue
            except OSError as error:
                raise PeerGone(f"the connection was lost while an answer was streamed: {error}") from error
            rest = without(rest, sent)

    def _await_room(self) -> None:
        events = self._watch_for(select.POLLIN | select.POLLOUT, self._until)
        if not events:  # and a piece may have left in part, so no end can be told
            self._lost = ConnectionLost("the Runtime API did not take a stream in time")
            raise StreamCut(cut_short())
        if events & ~select.POLLOUT:
            raise PeerGone("the platform has answered, or hung up, before the end of the stream")

    def _await_word(self) -> None:
        if not self._watch_for(select.POLLIN, self._deadline):
            raise ConnectionLost("the Runtime API did not acknowledge a stream in time")

    def _watch_for(self, events: int, until: float) -> int:
        """Wait for events on the connection; 0 if there are none in time."""
        assert self._connection is not None  # noqa: S101 - asked once there is one
        if self._watch is None:
            self._watch = select.poll()
        self._watch.register(self._connection, events)
        patience = None if until == float("inf") else max(0.0, until - time()) * 1000
        ready = self._watch.poll(patience)
        return ready[0][1] if ready else 0


def without(parts: Sequence[bytes | memoryview], sent: int) -> list[bytes | memoryview]:
    """What is left of the parts after so many bytes."""
    rest = list(parts)
    while rest and sent >= len(rest[0]):
        sent -= len(rest.pop(0))
    if sent:
        rest[0] = memoryview(rest[0])[sent:]
    return rest
