"""One lane's talk with the Runtime API: what has been asked, what is owed, what a loss means.

A lane is one connection that carries one invocation at a time: poll, answer, poll, answer. This is
where the rules live that keep an event from being lost and an answer from being sent twice; the
drivers only move the bytes. It knows no socket and no clock.

    POLLING ──event──> SERVING ──answer()──> ANSWERED ──accepted, refused──> POLLING
       ^                                         |
       └──────── lost: the poll is sent again ───┴── lost: the answer is sent again only if it
                                                     cannot have arrived; then the poll
"""

from __future__ import annotations

from aioric.errors import ConnectionLost, MalformedResponse
from aioric.messages import Buffered
from aioric.protocol.http11 import ResponseReader
from aioric.protocol.runtime_api import FamiliarEvents, read_invocation, read_refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.messages import Failed, Invocation, Streamed
    from aioric.protocol.heads import Response
    from aioric.protocol.runtime_api import RuntimeApi

# Losses in a row, with no response between them, before we give up. The official client tries a poll
# five times with these pauses under Managed Instances; a first loss is most often a kept-alive
# connection that the peer has closed, so the first new try is immediate.
PAUSES = (0.0, 0.1, 0.2, 0.4, 0.8)

_ACCEPTED = 202

# A body above this travels beside its head instead of being copied behind it.
JOIN_UP_TO = 64 * 1024


class Conversation:
    """The protocol side of one lane.

    Args:
        api: Writes the requests.
        pipeline: Whether an answer and the next poll leave in one write.

    Attributes:
        appetite: How many bytes it makes sense to receive next.
        outgoing: Parts to be written now, in order; the driver empties it with `take()`.
        reopen: The connection must not be used again; open another before writing.
        pause: Seconds to wait before opening the next connection.
        deadline_ms: When the caller of the invocation last answered gives up, since the epoch.
        refusals: Texts about answers that the platform did not accept, for the log.
        interrupted: The driver could not write everything, since the peer spoke or left before it
            had read it all. What it said (too large, too late) still counts. So it is while a
            stream is sent, after which the connection is done with too.
    """

    __slots__ = (
        "_acceptance",
        "_answer",
        "_answer_size",
        "_api",
        "_begun",
        "_events",
        "_losses",
        "_pipeline",
        "_polling",
        "_reader",
        "appetite",
        "deadline_ms",
        "interrupted",
        "outgoing",
        "pause",
        "refusals",
        "reopen",
    )

    def __init__(self, api: RuntimeApi, *, pipeline: bool) -> None:
        self._api = api
        self._pipeline = pipeline
        self._reader = ResponseReader()
        self._begun = False  # a response has, and is not read to its end
        self.appetite = self._reader.appetite
        # The last acceptance of an answer: the next is the same to the byte, unless a second has passed.
        self._acceptance = b"\0"  # which no response begins with
        self._events = FamiliarEvents()
        self._answer: list[bytes] | None = None  # what was posted and is not acknowledged
        self._answer_size = 0
        self._polling = False  # a poll is written, or will be with the parts in `outgoing`
        self._losses = 0
        self.outgoing: list[bytes] = []
        self.reopen = False
        self.pause = 0.0
        self.deadline_ms = 0
        self.refusals: list[str] = []
        self.interrupted = False

    def take(self) -> list[bytes]:
        """The parts to be written now."""
        outgoing, self.outgoing = self.outgoing, []
        return outgoing

    def reopened(self) -> None:
        """A new connection stands; what the old one had begun to say is void."""
        self.reopen = False
        self.interrupted = False
        self._reader = ResponseReader()
        self._begun = False
        self.appetite = self._reader.appetite

    def poll(self) -> None:
        """Ask for the next invocation."""
        self._polling = True
        self.outgoing.append(self._api.next_invocation)

    def withhold(self) -> None:
        """Take back a poll that has not been sent: something else comes first."""
        self._polling = False
        self.outgoing = []

    def answer(self, invocation: Invocation, answer: Buffered | Failed, *, poll: bool = True) -> None:
        """Post the answer, and ask for the next invocation unless `poll` is false."""
        api = self._api
        head = (
            api.response(invocation, answer)
            if isinstance(answer, Buffered)
            else api.error(invocation, answer)
        )
        body = answer.body
        follows = poll and self._pipeline
        self.deadline_ms = invocation.deadline_ms
        self._polling = poll
        if len(body) <= JOIN_UP_TO:
            whole = head + body
            self._answer = [whole]
            self._answer_size = len(whole)
            self.outgoing.append(whole + api.next_invocation if follows else whole)
            return
        self._answer = [head, body]
        self._answer_size = len(head) + len(body)
        self.outgoing += self._answer
        if follows:
            self.outgoing.append(api.next_invocation)

    def stream(self, invocation: Invocation, answer: Streamed) -> bytes:
        """The head of an answer that will be streamed. Nothing is owed before `stream_begins`."""
        self.deadline_ms = invocation.deadline_ms
        return self._api.stream(invocation, answer)

    def stream_begins(self, *, poll: bool = True) -> None:
        """The first bytes of a stream are about to leave on a connection that stands.

        From here on it cannot be said again: a loss is the end of it. The poll, unless `poll` is
        false, follows when the stream is acknowledged, on another connection.
        """
        self._answer = []
        self._answer_size = 0
        self._polling = poll
        self.interrupted = True

    def receive(self, data: bytes) -> Invocation | None:
        """Take bytes from the peer (none: it closed); return the invocation if there is one.

        Raises:
            ConnectionLost: The connection is of no further use; call `lost`.
            MalformedResponse: Nor does it make sense; call `lost`.
            PlatformRefused: No further invocation can be served.
        """
        # What is usual is told at a glance; all else, and what follows the unusual, is read in full.
        if self._polling and self._pipeline and not self.interrupted and not self._begun:
            if self._answer is not None and data.startswith(self._acceptance):
                self._answer = None
                self._losses = 0
                self.reopen = False
                data = data[len(self._acceptance) :]
                if not data:
                    return None
            if self._answer is None:
                invocation = self._events.read(data)
                if invocation is not None:
                    self._polling = False
                    self._losses = 0
                    self.reopen = False
                    return invocation
        return self._read(data)

    def _read(self, data: bytes) -> Invocation | None:
        """Likewise, in full: whatever it is, and however it is split."""
        reader = self._reader
        if data:
            reader.feed(data)
            response = reader.read()
        else:
            response = reader.end()
            if response is None:
                raise ConnectionLost("the Runtime API closed the connection")
        invocation = None
        while response is not None:
            invocation = self._understand(response)
            if invocation is not None or self.outgoing:  # nothing more was asked on this connection
                if not reader.idle:  # and more was said: serve the event, trust no more
                    self.reopen = True
                break
            response = reader.read()
        self._begun = not reader.idle
        self.appetite = reader.appetite
        return invocation

    @property
    def expecting(self) -> bool:
        """Whether the platform owes us an event or an acknowledgement."""
        return self._polling or self._answer is not None

    @property
    def owing(self) -> bool:
        """Whether an answer is posted, or about to be, that the platform has not acknowledged."""
        return self._answer is not None

    def _understand(self, response: Response) -> Invocation | None:
        self.reopen = self.interrupted or not response.keep_alive
        if self._answer is not None:
            self._answer = None
            self._losses = 0
            # An event may stand behind a refusal already, so only a 5xx ends the conversation.
            if response.status != _ACCEPTED:
                if (refusal := read_refusal(response)) is not None:
                    self.refusals.append(refusal)
            elif response.head and response.keep_alive:
                self._acceptance = response.head + b"\r\n\r\n" + response.body
            if self._polling and (self.reopen or not self._pipeline):
                self.outgoing.append(self._api.next_invocation)
            return None
        if not self._polling:
            raise MalformedResponse("the Runtime API sent a response to nothing")
        invocation = read_invocation(response)  # if it makes no sense, the poll has had no answer
        self._polling = False
        self._losses = 0
        self._events.learn(response, invocation)
        return invocation

    def lost(self, sent: int) -> None:
        """The connection failed after `sent` bytes of the parts last taken. Decide what to say again.

        An answer of which the last byte left may have arrived: it is not sent again, since the
        platform would take it for the answer to something else or refuse it. One that left in part
        cannot have been accepted.

        Raises:
            ConnectionLost: It failed too often in a row; the process should end.
        """
        if self._losses == len(PAUSES):
            raise ConnectionLost(f"the Runtime API was lost {self._losses + 1} times in a row")
        self.pause = PAUSES[self._losses]
        self._losses += 1
        self.reopen = True
        self.outgoing = []
        if self._answer is not None and sent < self._answer_size:
            self.outgoing.extend(self._answer)
            if self._polling and self._pipeline:
                self.outgoing.append(self._api.next_invocation)
            return
        if self._answer is not None:
            self._answer = None
            self.refusals.append("the connection was lost before the Runtime API acknowledged it")
        if self._polling:
            self.outgoing.append(self._api.next_invocation)
