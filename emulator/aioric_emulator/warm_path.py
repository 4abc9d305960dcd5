"""The short way of a plain invocation: a call like the last one, a warm environment, an answer with a poll.

What it does is what the long way does, in fewer steps: `service` decides, START, END and REPORT are written,
the history is kept. Whatever is unusual is left to the long way before anything has been changed, and the two
may take turns within one invocation: it can begin on the one and end on the other.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, cast

from aioric_emulator.alertness import Alertness
from aioric_emulator.answers import event_answer
from aioric_emulator.exchange import HttpExchange, render
from aioric_emulator.http_caller import HttpCaller
from aioric_emulator.messages import Invocation, Outcome
from aioric_emulator.plain_invocation import PlainInvocation
from aioric_emulator.runtime_api import NEXT
from aioric_emulator.warm_lines import WarmCaller, WarmLane, is_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.connection import Connection
    from aioric_emulator.environment import RunningEnvironment
    from aioric_emulator.history import History
    from aioric_emulator.journal import Journal
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.service import Service

__all__ = ["WarmPath"]

# Steps between identifiers: odd, so that each of 32 bits comes once, and far apart, so that they look it.
STEP = 0x9E3779B1
# Stands in a template for what each invocation has of its own.
REQUEST_ID, INVOCATION_ID, TRACE_ID = "{request id}", "{invocation id}", "{trace id}"
DEADLINE = 1234567890123


def cut(data: bytes, *marks: str) -> list[str]:
    """Cut bytes that were made with marks in them, each of which comes once and in this order."""
    text = data.decode("utf-8", "surrogateescape")
    pieces = []
    for mark in marks:
        piece, text = text.split(mark)
        pieces.append(piece)
    return [*pieces, text]


class WarmPath:
    """What the short ways of one function's invocations have in common."""

    def __init__(
        self,
        configuration: FunctionConfiguration,
        service: Service,
        environments: Mapping[ExecutionEnvironment, RunningEnvironment],
        logs: tuple[Journal, History | None],
        clock: Callable[[], float],
        deeds: tuple[Callable[[float], None], Callable[[], None]],
    ) -> None:
        self.service = service
        self.clock = clock
        self.journal, self.history = logs
        # Whoever is waited for is woken at once, where there is one of them. Of many each would be woken for
        # one event or answer, where at the end of the loop's turn there are several for it.
        self.is_alone = configuration.concurrency is None
        self._be_awake_at, self.apply = deeds
        self.alertness = Alertness()
        self._name = configuration.name
        self._timeout = configuration.timeout
        self._arn = configuration.arn
        self._environments = environments
        self._can_be_plain = can_be_plain(configuration)
        # Identifiers have the form of random UUIDs, and a part that none of the others has; see `STEP`.
        self._serial = random.getrandbits(32)
        self._request_rest, self._attempt_rest = new_rest(), new_rest()
        self._trace_rest = f"{random.getrandbits(64):016x};Parent="
        self._parent_rest = f"{random.getrandbits(32):08x};Sampled=0"
        # Traces begin with the second of the call.
        self._second, self._trace_start = 0, ""
        self._event_pieces = self._make_event_pieces(is_managed=configuration.concurrency is not None)

    def learn(self, exchange: HttpExchange, caller: HttpCaller) -> None:
        """Expect more calls like this one on its connection. `caller` is for them, and for nobody yet."""
        connection, known = cast("Connection", exchange.connection), exchange.known
        before = connection.shortcut
        is_known = isinstance(before, WarmCaller) and before.known is known
        if is_known or known is None or known.spans or not self._can_be_plain:
            return
        try:
            connection.shortcut = WarmCaller(self, connection, known, caller)
        except ValueError:
            return
        caller.exchange.method, caller.exchange.target = known.method, known.target
        caller.exchange.headers = known.headers

    def begin(self, call: WarmCaller) -> bool:
        """Hand a call to a warm environment, if there is one and nobody but the caller watches.

        The event leaves before the books are kept: on another core the runtime is at work meanwhile.
        """
        history, service = self.history, self.service
        if history is not None and history.is_watched:
            return False
        now, wall = self.clock(), time.time()
        service.epoch_offset = wall - now
        invocation = self._new_invocation(call, wall)
        place = service.begin_warm(invocation, now)
        if place is None:
            return False
        model, poll = place
        connection: Connection = poll.connection  # type: ignore[attr-defined]  # it is an HttpExchange
        first, second, third, fourth, fifth = self._event_pieces
        head = (
            f"{first}{invocation.request_id}{second}{invocation.deadline_ms}{third}{invocation.invocation_id}"
            f"{fourth}{invocation.trace_id}{fifth}"
        )
        connection.send(poll, head.encode() + call.rest, at_once=self.is_alone)  # type: ignore[arg-type]  # likewise
        lane = connection.shortcut or self._learn_lane(connection, model)
        if lane is not None:
            lane.expect(invocation, call)
        call.connection.current = call.exchange
        call.caller.invocation = invocation
        invocation.number = model.number
        self.journal.note(invocation)
        if history is not None:
            history.note(self._name, invocation)
        self._be_awake_at(invocation.deadline)
        self.stir()
        return True

    def stir(self) -> None:
        """Stay awake for a moment, if one process is at work: several have use for all processors."""
        if self.is_alone and len(self._environments) == 1:
            self.alertness.stir()

    def _new_invocation(self, call: WarmCaller, wall: float) -> PlainInvocation:
        """Name an invocation."""
        self._serial = serial = (self._serial + STEP) & 0xFFFFFFFF
        own = "%08x" % serial  # noqa: UP031 - a third faster than the other way
        if not self._second <= wall < self._second + 1:
            self._second = int(wall)
            self._trace_start = f"Root=1-{self._second:08x}-"
        return PlainInvocation(
            own + self._request_rest,
            own + self._attempt_rest,
            f"{self._trace_start}{own}{self._trace_rest}{own}{self._parent_rest}",
            call.event,
            self._timeout,
            call.caller,
            self._arn,
            wall,
        )

    @staticmethod
    def render_answer(content_type: str) -> tuple[str, str, str]:
        """Give what an answer to a caller begins with, around its identifiers."""
        caller = HttpCaller(HttpExchange(cast("Connection", None)), wants_logs=False)
        caller.invocation = Invocation(REQUEST_ID, b"", 0.0, caller, trace_id=TRACE_ID)
        answer = render(caller.answer(Outcome(b"", content_type)), keep_alive=True)
        first, second, third, _ = cut(answer, REQUEST_ID, TRACE_ID, "0\r\n\r\n")
        return first, second, third

    def _learn_lane(self, connection: Connection, model: ExecutionEnvironment) -> WarmLane | None:
        kinds = connection.known_heads.kinds if connection.known_heads is not None else []
        answer = next(filter(is_answer, kinds), None)
        poll = next((each for each in kinds if each.target == NEXT and each.method == "GET"), None)
        if answer is None or poll is None or poll.length or poll.spans:
            return None
        lane = WarmLane(self, connection, (model, self._environments[model]), answer, poll)
        connection.shortcut = lane
        return lane

    def _make_event_pieces(self, *, is_managed: bool) -> list[str]:
        invocation = Invocation(
            REQUEST_ID,
            b"",
            self._timeout,
            caller=cast("HttpCaller", None),
            function_arn=self._arn,
            trace_id=TRACE_ID,
            invocation_id=INVOCATION_ID,
            deadline_ms=DEADLINE,
        )
        event = render(event_answer(invocation, sends_empty=is_managed), keep_alive=True)
        return cut(event, REQUEST_ID, str(DEADLINE), INVOCATION_ID, TRACE_ID, "0\r\n\r\n")[:-1]


def can_be_plain(configuration: FunctionConfiguration) -> bool:
    """Whether there is nothing about a function that each of its invocations has to do with."""
    return configuration.sends_invocation_id and not (
        configuration.freezes
        or configuration.enforces_memory
        or configuration.has_snapshot
        or configuration.takes_caller_facts
        or configuration.max_age is not None
        or configuration.disruptions is not None
    )


def new_rest() -> str:
    """Give a random UUID without its first part."""
    text = f"{random.getrandbits(96):024x}"
    return f"-{text[:4]}-4{text[5:8]}-a{text[9:12]}-{text[12:]}"
