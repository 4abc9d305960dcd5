"""The two connections of a plain invocation; each expects more of what it has seen. See `warm_path`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioric_emulator.answers import ACCEPTED
from aioric_emulator.calls import refuse_payload
from aioric_emulator.exchange import HttpExchange, render
from aioric_emulator.known_heads import SizedHead
from aioric_emulator.messages import Outcome
from aioric_emulator.runtime_api import INVOCATION

if TYPE_CHECKING:
    from aioric_emulator.connection import Connection
    from aioric_emulator.environment import RunningEnvironment
    from aioric_emulator.front_door import HttpCaller
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
        if not data.startswith(self._before):
            return False
        begin, end = self._end.read(data, len(self._before))
        if not begin or end != len(data):
            return False
        event = data[begin:]
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
        self.connection = connection
        self.model, self._running = environments
        self._path = path
        self._poll_head = poll.head
        self._poll = HttpExchange(connection)
        self._poll.method, self._poll.target, self._poll.headers = poll.method, poll.target, poll.headers
        self._end = SizedHead(answer.last_piece)
        self._pieces = [piece.decode("latin-1") for _, piece in answer.fixed[:2]]
        self._pieces.append(self._end.before.decode("latin-1"))
        self._content_type = answer.headers["content-type"]
        # What is expected here: the answer to an invocation, which begins so.
        self._invocation: Invocation | None = None
        self._call: WarmCaller
        self._head = b""

    def expect(self, invocation: Invocation, call: WarmCaller) -> None:
        """Expect an invocation's answer."""
        self._invocation = invocation
        self._call = call
        first, second, third = self._pieces
        self._head = f"{first}{invocation.request_id}{second}{invocation.invocation_id}{third}".encode(
            "latin-1"
        )

    def take(self, data: bytes) -> bool:
        """Take the expected answer and the poll behind it; give whether it is that, and was taken."""
        invocation = self._invocation
        if invocation is None or not data.startswith(self._head):
            return False
        begin, end = self._end.read(data, len(self._head))
        if not begin or data[end:] != self._poll_head:
            return False
        path = self._path
        now = path.clock()
        if not path.service.end_warm(self.model, invocation, self._poll, now):
            return False
        self._invocation = None
        self.connection.occupy(self._poll)
        path.answer(self._call, invocation, Outcome(data[begin:end], self._content_type))
        self.connection.hold(RUNTIME_ACCEPTED)
        self._running.read_last_lines(invocation)
        path.end(invocation, now, self._running.max_memory)
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
