"""A classic environment of the model: one invocation at a time, and the state machine that enforces it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from aioric_emulator import answers, failures
from aioric_emulator.decisions import Reply, RuntimeDone
from aioric_emulator.messages import Outcome
from aioric_emulator.phases import ExecutionEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aioric_emulator.decisions import Decision
    from aioric_emulator.extensions import Registrations
    from aioric_emulator.messages import Answer, Exchange, Invocation, RuntimeAnswer
    from aioric_emulator.phases import Birth, Owner

__all__ = ["TRANSITIONS", "ClassicEnvironment", "RuntimeState"]


class RuntimeState(StrEnum):
    """The states of a runtime, by the names that the API's 403 messages give them."""

    STARTED = "Started"
    INIT_ERROR = "InitError"
    READY = "Ready"
    RESTORE_READY = "RestoreReady"
    RESTORING = "Restoring"
    RESTORE_ERROR = "RuntimeRestoreErrorState"
    RUNNING = "Running"
    RESPONSE = "InvocationResponse"
    ERROR_RESPONSE = "InvocationErrorResponse"
    RESPONSE_SENT = "RuntimeResponseSentState"


# From → to. `/next` wants READY, the posts want the state they are named for. READY and RUNNING may ask
# again: the first goes on waiting, the second is given its event once more.
TRANSITIONS: dict[RuntimeState, frozenset[RuntimeState]] = {
    RuntimeState.STARTED: frozenset({RuntimeState.READY, RuntimeState.INIT_ERROR}),
    RuntimeState.INIT_ERROR: frozenset(),
    RuntimeState.RESTORE_READY: frozenset(),
    RuntimeState.RESTORING: frozenset(
        {RuntimeState.READY, RuntimeState.RESTORE_ERROR, RuntimeState.INIT_ERROR}
    ),
    RuntimeState.RESTORE_ERROR: frozenset(),
    RuntimeState.READY: frozenset({RuntimeState.READY}),
    RuntimeState.RUNNING: frozenset({RuntimeState.READY, RuntimeState.RESPONSE, RuntimeState.ERROR_RESPONSE}),
    RuntimeState.RESPONSE: frozenset(),
    RuntimeState.ERROR_RESPONSE: frozenset(),
    RuntimeState.RESPONSE_SENT: frozenset({RuntimeState.READY}),
}


# For the short way: an enumeration's member takes as long to look up as all else there is to decide.
READY, RUNNING = RuntimeState.READY, RuntimeState.RUNNING


class ClassicEnvironment(ExecutionEnvironment):
    """An environment whose runtime handles one invocation at a time."""

    def __init__(
        self, birth: Birth, owner: Owner, emit: Callable[[Decision], None], registrations: Registrations
    ) -> None:
        super().__init__(birth, owner, emit, registrations)
        self.state = RuntimeState.STARTED
        self.is_idle = False
        self.current: Invocation | None = None
        self._parked: list[Exchange] = []

    def running(self) -> Iterable[Invocation]:
        """Give the invocation that is not over, if there is one."""
        return () if self.current is None else (self.current,)

    def _allows(self, exchange: Exchange, wanted: RuntimeState) -> bool:
        if wanted in TRANSITIONS[self.state]:
            return True
        self._emit(Reply(exchange, answers.invalid_transition(self.state, wanted)))
        return False

    def next(self, exchange: Exchange, body_size: int, now: float) -> None:  # noqa: ARG002 - the classic engine ignores a body
        """Take `/next`: wait for an event, or be given the one that is running again."""
        if self._refuse_if_stopped(exchange) or not self._allows(exchange, RuntimeState.READY):
            return
        if self.state is RuntimeState.RUNNING and self.current is not None:
            self._emit(Reply(exchange, answers.event_answer(self.current, sends_empty=False)))
            return
        self.registrations.is_open = False
        self._parked.append(exchange)
        self.state = RuntimeState.READY
        self._runtime_is_ready()
        if self.current is not None and self.records.are_watched:
            self._emit(RuntimeDone(self, self.current))
        self.settle(now)

    def settle(self, now: float) -> None:
        """Go on when the runtime and all extensions wait: init, or the invocation, is over."""
        if self.state is not RuntimeState.READY or self.is_idle or not self.registrations.are_ready:
            return
        if self.is_initialising:
            self._end_init(now)
        if self.current is not None:
            invocation, self.current = self.current, None
            self._finish(invocation, now)
        self.is_idle = True
        self._owner.available(self, now)

    def dispatch(self, invocation: Invocation, now: float) -> None:
        """Hand an invocation to the runtime and its INVOKE subscribers."""
        self.is_idle = False
        self.current = invocation
        self.state = RuntimeState.RUNNING
        self._begin(invocation, now)
        for exchange, answer in self.registrations.invoke_events(invocation):
            self._emit(Reply(exchange, answer))
        # Nobody may be waiting: a poller that went away is given the event when it asks again.
        if self._parked:
            event = answers.event_answer(invocation, sends_empty=False)
            self._emit(Reply(self._parked.pop(0), event))

    def begin_warm(self, invocation: Invocation) -> Exchange | None:
        """Hand an invocation to the runtime, if nothing else is to be decided: give the poll to answer."""
        if not self.is_plain or len(self._parked) != 1 or self.tenant_id != invocation.tenant_id:
            return None
        self.is_idle = False
        self.current = invocation
        self.state = RUNNING
        return self._parked.pop()

    def end_warm(self, invocation: Invocation, poll: Exchange) -> bool:
        """End an invocation: its answer and the next poll came as one. Give whether it was running."""
        if self.current is not invocation or self.state is not RUNNING or self.is_stopped:
            return False
        self.current = None
        self.state = READY
        self.is_idle = True
        self._parked.append(poll)
        return True

    def response(self, exchange: Exchange, request_id: str, answer: RuntimeAnswer, now: float) -> None:
        """Take `/response`. An unknown response mode leaves the runtime stuck, as it does on the platform."""
        invocation = self._answering(exchange, request_id, answer, RuntimeState.RESPONSE)
        if invocation is None:
            return
        if answer.response_mode not in {"", "streaming"}:
            self._emit(Reply(exchange, answers.INVALID_RESPONSE_MODE))
            return
        if self.records.are_watched:
            self.records.responded(request_id, answer.size, answer.trailer_error_type or None, now)
        self._settle_answer(exchange, invocation, answer, failures.read_outcome(answer))

    def error(self, exchange: Exchange, request_id: str, answer: RuntimeAnswer, now: float) -> None:
        """Take `/error`."""
        invocation = self._answering(exchange, request_id, answer, RuntimeState.ERROR_RESPONSE)
        if invocation is None:
            return
        if self.records.are_watched:
            self.records.responded(request_id, answer.size, answer.error_type, now)
        self._settle_answer(exchange, invocation, answer, Outcome(answer.body, is_error=True))

    def _answering(
        self, exchange: Exchange, request_id: str, answer: RuntimeAnswer, wanted: RuntimeState
    ) -> Invocation | None:
        # The platform checks the request id first, then the attempt, then the state.
        if self._refuse_if_stopped(exchange):
            return None
        invocation = self.current
        if invocation is None or request_id != invocation.request_id:
            self._emit(Reply(exchange, answers.INVALID_REQUEST_ID))
            return None
        echo = answer.invocation_id
        if echo and invocation.invocation_id and echo != invocation.invocation_id:
            self._emit(Reply(exchange, answers.INVOKE_TIMEOUT))
            return None
        if not self._allows(exchange, wanted):
            return None
        self.state = wanted
        return invocation

    def _settle_answer(
        self, exchange: Exchange, invocation: Invocation, answer: RuntimeAnswer, outcome: Outcome
    ) -> None:
        reply: Answer = answers.ACCEPTED
        if answer.is_truncated:
            outcome, reply = failures.truncated().outcome(invocation.request_id), answers.TRUNCATED
        elif answer.size > invocation.response_limit:
            failure = failures.oversized(answer.size, invocation.response_limit)
            outcome, reply = failure.outcome(invocation.request_id), answers.TOO_LARGE
        self.state = RuntimeState.RESPONSE_SENT
        self._complete(invocation, outcome)
        self._emit(Reply(exchange, reply))

    def init_error(self, exchange: Exchange, answer: RuntimeAnswer, now: float) -> None:
        """Take `/init/error`, which is only allowed before the first `/next`."""
        if self._refuse_if_stopped(exchange) or not self._allows(exchange, RuntimeState.INIT_ERROR):
            return
        self.state = RuntimeState.INIT_ERROR
        self._emit(Reply(exchange, answers.ACCEPTED))
        self._fail_init(failures.reported(answer.error_type, answer.body), now)

    def expire(self, now: float) -> None:
        """End the environment with an invocation that ran over its limit."""
        if self.current is not None and now >= self.current.deadline:
            self._break(failures.timed_out(self.current.timeout), "timeout", now)

    def disconnected(self, exchange: Exchange) -> None:
        """Forget a poller: it gets the event when it comes back."""
        if exchange in self._parked:
            self._parked.remove(exchange)
