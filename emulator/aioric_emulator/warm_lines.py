"""The two connections of a plain invocation; each expects more of what it has seen. See `warm_path`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioric_emulator.answers import ACCEPTED
from aioric_emulator.calls import refuse_payload
from aioric_emulator.exchange import HttpExchange, render
from aioric_emulator.known_heads import SizedHead
from aioric_emulator.plain_invocation import MAX_PLAIN
from aioric_emulator.runtime_api import INVOCATION

if TYPE_CHECKING:
    from aioric_emulator.connection import Connection
    from aioric_emulator.environment import RunningEnvironment
    from aioric_emulator.http_caller import HttpCaller
    from aioric_emulator.known_heads import KnownHead
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.plain_invocation import PlainInvocation
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
        # The last call that was taken: its bytes, its event, and how what the runtime is sent ends with that.
        self._data = b""
        self.event = b""
        self.rest = b""

    def take(self, data: bytes) -> bool:
        """Take a call like the one before; give whether it is one, and was taken."""
        return (data == self._data or self._read(data)) and self._path.begin(self)

    def expect(self, invocation: PlainInvocation, call: WarmCaller) -> None:
        """Nothing is answered here."""

    def _read(self, data: bytes) -> bool:
        before, end = self._before, self._end
        if not data.startswith(before) or not end.goes_on(data, len(before)):
            return False
        event = data[len(before) + len(end.rest) :]
        if len(event) != end.size or end.size > MAX_PLAIN or refuse_payload(event, end.size) is not None:
            return False
        self._data, self.event = data, event or b"{}"
        self.rest = b"%d\r\n\r\n%b" % (len(self.event), self.event)
        return True


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
        # With many lanes that is many descriptors, and is done only for a caller who wants to see.
        self._has_lines = None if self.model.is_managed else self.running.log.ask
        self._path = path
        self._poll_head = poll.head
        self._poll = HttpExchange(connection)
        self._poll.method, self._poll.target, self._poll.headers = poll.method, poll.target, poll.headers
        self._end = SizedHead(answer.last_piece)
        pieces = [answer.fixed[0][1], answer.fixed[1][1], self._end.before]
        # What an answer begins with, around its two identifiers.
        self._pieces = tuple(piece.decode("ascii") for piece in pieces)
        # What the caller's answer begins with.
        self._answer_pieces = path.render_answer(answer.headers["content-type"])
        # What is expected here: the answer to an invocation, which begins so, for this caller.
        self._invocation: PlainInvocation | None = None
        self._call: WarmCaller
        self._head = b""
        # What came behind the last head, the answer in it, and how what the caller is sent ends with that.
        self._data = b""
        self._answer = b""
        self._rest = b""

    def expect(self, invocation: PlainInvocation, call: WarmCaller) -> None:
        """Wait for the answer to an invocation that is on its way to the runtime."""
        self._invocation, self._call = invocation, call
        first, second, third = self._pieces
        self._head = f"{first}{invocation.request_id}{second}{invocation.invocation_id}{third}".encode()

    def take(self, data: bytes) -> bool:
        """Take the expected answer and the poll behind it; give whether it is that, and was taken.

        The caller has the answer before anything else is done.
        """
        invocation, head, path = self._invocation, self._head, self._path
        if invocation is None or not data.startswith(head):
            return False
        data = data[len(head) :]
        if data != self._data and not self._read(data):
            return False
        if path.history is not None and path.history.is_watched:
            return False
        now = path.clock()
        if not path.service.end_warm(self.model, invocation, self._poll, now):
            return False
        first, second, third = self._answer_pieces
        head = f"{first}{invocation.request_id}{second}{invocation.trace_id}{third}".encode()
        call, connection = self._call, self._connection
        call.connection.send(call.exchange, head + self._rest, at_once=path.is_alone)
        self._invocation = None
        connection.current = self._poll
        connection.hold(RUNTIME_ACCEPTED)
        invocation.duration = now - invocation.arrived_at
        invocation.answer = self._answer
        invocation.environment = self.running
        if self._has_lines is not None and self._has_lines(0):
            self.running.read_last_lines(invocation)
        path.journal.note(invocation)
        if path.service.decided:
            path.apply()
        path.stir()
        return True

    def _read(self, data: bytes) -> bool:
        end = self._end
        if not end.goes_on(data, 0) or end.size > MAX_PLAIN:
            return False
        begin = len(end.rest)
        stop = begin + end.size
        if data[stop:] != self._poll_head:
            return False
        self._data, self._answer = data, data[begin:stop]
        self._rest = b"%d\r\n\r\n%b" % (end.size, self._answer)
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
        and known.head.isascii()
    )
