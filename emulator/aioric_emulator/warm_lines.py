"""The two connections of a plain invocation; each expects more of what it has seen. See `warm_path`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioric_emulator.answers import ACCEPTED
from aioric_emulator.calls import refuse_payload
from aioric_emulator.exchange import HttpExchange, render
from aioric_emulator.known_heads import SizedHead
from aioric_emulator.runtime_api import INVOCATION

if TYPE_CHECKING:
    from aioric_emulator.connection import Connection
    from aioric_emulator.environment import RunningEnvironment
    from aioric_emulator.http_caller import HttpCaller
    from aioric_emulator.known_heads import KnownHead
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.warm_path import WarmPath

__all__ = ["WarmCaller", "WarmLane", "is_answer"]

# What a plain answer of a runtime's has for headers, and which of them are identifiers beside the target's.
ANSWER_HEADERS = frozenset(
    {"host", "user-agent", "content-type", "content-length", "lambda-runtime-invocation-id"}
)
ANSWER_IDENTIFIERS = [None, "lambda-runtime-invocation-id"]
RUNTIME_ACCEPTED = render(ACCEPTED, keep_alive=True)


class WarmCaller:
    """A caller's connection that sends one request after the other, each with the same head."""

    def __init__(self, path: WarmPath, connection: Connection, known: KnownHead, caller: HttpCaller) -> None:
        self.connection = connection
        self.exchange = caller.exchange
        self.caller = caller
        self.known = known
        self._path = path
        self._end = SizedHead(known.head)
        self._before = self._end.before
        # The last event that was found to be JSON.
        self._event = b""

    def take(self, data: bytes) -> bool:
        """Take a call like the one before; give whether it is one, and was taken."""
        before, end = self._before, self._end
        if not data.startswith(before) or not end.goes_on(data, len(before)):
            return False
        event = data[len(before) + len(end.rest) :]
        if len(event) != end.size:
            return False
        if event != self._event:
            if refuse_payload(event, len(event)) is not None:
                return False
            self._event = event
        return self._path.begin(self, event)


class WarmLane:
    """A runtime's connection, on which one answer and the poll behind it come together."""

    def __init__(
        self,
        path: WarmPath,
        connection: Connection,
        environments: tuple[ExecutionEnvironment, RunningEnvironment],
        answer: KnownHead,
        poll: KnownHead,
    ) -> None:
        self._connection = connection
        self.model, self.running = environments
        self._path = path
        self._poll_head = poll.head
        self._poll = HttpExchange(connection)
        self._poll.method, self._poll.target, self._poll.headers = poll.method, poll.target, poll.headers
        self._end = SizedHead(answer.last_piece)
        pieces = [answer.fixed[0][1], answer.fixed[1][1], self._end.before]
        # What an answer begins with, around its two identifiers.
        self.pieces = tuple(piece.decode("latin-1") for piece in pieces)
        # What the caller's answer begins with.
        self.answer_pieces = path.render_answer(answer.headers["content-type"])
        # What is expected here: the answer to an invocation, which begins so, for this caller.
        self.invocation: Invocation | None = None
        self.call: WarmCaller
        self.head = b""

    def expect(self, invocation: Invocation, call: WarmCaller) -> None:
        """Wait for the answer to an invocation that is on its way to the runtime."""
        self.invocation, self.call = invocation, call
        first, second, third = self.pieces
        self.head = f"{first}{invocation.request_id}{second}{invocation.invocation_id}{third}".encode(
            "latin-1"
        )

    def take(self, data: bytes) -> bool:
        """Take the expected answer and the poll behind it; give whether it is that, and was taken."""
        invocation, head, end = self.invocation, self.head, self._end
        if invocation is None or not data.startswith(head) or not end.goes_on(data, len(head)):
            return False
        begin = len(head) + len(end.rest)
        stop = begin + end.size
        if data[stop:] != self._poll_head:
            return False
        path = self._path
        now = path.clock()
        if not path.service.end_warm(self.model, invocation, self._poll, now):
            return False
        self.invocation = None
        connection = self._connection
        connection.current = self._poll
        path.end(self, invocation, data[begin:stop], now)
        connection.hold(RUNTIME_ACCEPTED)
        return True


def is_answer(known: KnownHead) -> bool:
    """Whether a head is one that a runtime has for a plain answer, of whatever length."""
    return (
        known.method == "POST"
        and known.places == ANSWER_IDENTIFIERS
        and known.target_parts == [INVOCATION, "/response"]
        and ANSWER_HEADERS.issuperset(known.headers)
        and bool(known.headers.get("content-type"))
        and SizedHead.fits(known.last_piece)
    )
