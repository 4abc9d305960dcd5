"""A streamed answer from the main thread: piece after piece, each as soon as it is there."""

from __future__ import annotations

import _socket
import select
from _thread import allocate_lock, start_new_thread
from time import time

from aioric.errors import ConnectionLost, MalformedResponse, PeerGone, StreamCut
from aioric.messages import Failed
from aioric.protocol.chunks import ChunkedAnswer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aioric.drivers.blocking import Line
    from aioric.messages import Invocation, Streamed
    from aioric.protocol.conversation import Conversation

# How long before the invocation's deadline a stream is cut, in seconds: for its last bytes to arrive.
MARGIN = 0.1
# No function may run for so long, in seconds.
NONSENSE = 86_400.0


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
    take = pieces.next
    try:
        while type(piece := take()) is bytes:
            sink.write(piece)
        if isinstance(piece, Failed) and not sink.begun:
            return piece
        sink.end(piece)
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
        "_connection",
        "_conversation",
        "_deadline",
        "_line",
        "_lost",
        "_poll",
        "_pulse",
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
        self._pulse = None if streamed.keep_alive is None else Pulse(self._put, *streamed.keep_alive)

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
        if self._pulse is None:
            self._put(piece)
        else:
            with self._pulse.lock:
                self._put(piece)
                self._pulse.last = time()

    def _put(self, piece: bytes) -> None:
        if time() > self._until:
            raise StreamCut(cut_short())
        if self._connection is None:
            self._begin()
        self._send(self._answer.piece(piece))

    def end(self, failure: Failed | None) -> None:
        """Send the end, with trailers after a failure; raises as `write`."""
        self.silence()
        if self._connection is None:
            self._begin()
        self._send(self._answer.end(failure))

    def cut(self, failure: Failed) -> None:
        """Send the end if the peer takes it at once; otherwise give the connection up."""
        self.silence()
        if self._lost is not None:
            return
        self._until = 0.0
        try:
            self._send(self._answer.end(failure))
        except (PeerGone, StreamCut):
            return  # `settle` finds out

    def settle(self) -> None:
        """Wait for the acknowledgement, until the invocation's time is over.

        Raises:
            PlatformRefused: The platform will send no more.
            ConnectionLost: The Runtime API cannot be reached any more.
        """
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

    def _send(self, parts: Sequence[bytes]) -> None:
        connection = self._connection
        assert connection is not None  # noqa: S101 - made by `_begin`
        rest: list[bytes | memoryview] = list(parts)
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


class Pulse:
    """Sends a comment whenever nothing else was sent for so long, from a thread of its own.

    Args:
        send: Sends the comment.
        interval: In seconds.
        comment: To send.

    Attributes:
        lock: Held while anything is sent.
        last: When something was sent, in seconds since the epoch.
    """

    __slots__ = ("_ended", "_stop", "last", "lock")

    def __init__(self, send: Callable[[bytes], None], interval: float, comment: bytes) -> None:
        self.lock = allocate_lock()
        self.last = time()
        self._ended = False
        self._stop = allocate_lock()
        self._stop.acquire()
        start_new_thread(self._beat, (send, interval, comment))

    def end(self) -> None:
        """Send no more; what is being sent is sent whole first."""
        with self.lock:
            self._ended = True
        self._stop.release()

    def _beat(self, send: Callable[[bytes], None], interval: float, comment: bytes) -> None:
        pause = interval
        while not self._stop.acquire(timeout=max(pause, 0.0)):
            with self.lock:
                pause = self.last + interval - time()
                if self._ended or pause > 0:
                    continue
                try:
                    send(comment)
                except (PeerGone, StreamCut, ConnectionLost):
                    return  # the next piece finds out too
                self.last, pause = time(), interval


def limits(invocation: Invocation) -> tuple[float, float]:
    """When an invocation's time is over, and when to cut its stream, in seconds since the epoch.

    Both are infinite if the deadline is unknown, past, or far away: an emulator may send nonsense.
    """
    deadline = invocation.deadline_ms / 1000
    left = deadline - time()
    if not 0 < left < NONSENSE:
        return float("inf"), float("inf")
    return deadline, deadline - min(MARGIN, left / 2)


def cut_short() -> str:
    """What a cut stream's caller is told."""
    return "The invocation's time is over and its stream is not, so it ends here"


def without(parts: Sequence[bytes | memoryview], sent: int) -> list[bytes | memoryview]:
    """What is left of the parts after so many bytes."""
    rest = list(parts)
    while rest and sent >= len(rest[0]):
        sent -= len(rest.pop(0))
    if sent:
        rest[0] = memoryview(rest[0])[sent:]
    return rest
