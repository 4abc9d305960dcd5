"""A Managed Instances environment of the model: a router with one lane for every open `/next`."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from aioric_emulator import answers, failures
from aioric_emulator.decisions import Reject, Reply
from aioric_emulator.messages import Outcome
from aioric_emulator.phases import ExecutionEnvironment
from aioric_emulator.rejections import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aioric_emulator.decisions import Decision
    from aioric_emulator.extensions import Registrations
    from aioric_emulator.messages import Exchange, Invocation, RuntimeAnswer
    from aioric_emulator.phases import Birth, Owner

__all__ = ["ManagedEnvironment"]

# The platform's own bounds: idle `/next` requests, request ids that timed out, and bytes of an error.
MAX_IDLE = 10_000
MAX_TIMED_OUT = 1_000
MAX_ERROR = 1024 * 1024


class ManagedEnvironment(ExecutionEnvironment):
    """An environment whose runtime handles as many invocations at once as it has polled for."""

    is_managed = True

    def __init__(
        self, birth: Birth, owner: Owner, emit: Callable[[Decision], None], registrations: Registrations
    ) -> None:
        super().__init__(birth, owner, emit, registrations)
        self._has_polled = False
        self._idle: deque[Exchange] = deque()
        self._left: set[Exchange] = set()
        self._running: dict[str, Invocation] = {}
        self._timed_out: OrderedDict[str, None] = OrderedDict()

    def running(self) -> Iterable[Invocation]:
        """Give the invocations that are not over."""
        return self._running.values()

    @property
    def running_count(self) -> int:
        """How many invocations are not over."""
        return len(self._running)

    @property
    def has_idle_lane(self) -> bool:
        """Whether an invocation would find a lane."""
        return bool(self._idle)

    def next(self, exchange: Exchange, body_size: int, now: float) -> None:
        """Take `/next`: one more lane that waits."""
        if self._refuse_if_stopped(exchange):
            return
        if body_size:
            self._emit(Reply(exchange, answers.TOO_LARGE))
            return
        if len(self._idle) >= MAX_IDLE:
            self._emit(Reply(exchange, answers.INTERNAL_ERROR))
            return
        self.registrations.is_open = False
        if not self._has_polled:
            self._has_polled = True
            self._runtime_is_ready()
        self._idle.append(exchange)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Init is over with the first `/next`, once every extension waits too."""
        if self.is_initialising:
            if not self._has_polled or not self.registrations.are_ready:
                return
            self._end_init(now)
        if self._idle:
            self._owner.available(self, now)

    def dispatch(self, invocation: Invocation, now: float) -> None:
        """Hand an invocation to the lane that has waited longest; without one, refuse it."""
        if not self._idle:
            self._emit(Reject(invocation, UNAVAILABLE))
            return
        exchange = self._idle.popleft()
        if exchange in self._left:
            # The entry stays when its connection goes, so the event goes to nobody.
            self._left.discard(exchange)
            self.abandon(invocation, failures.unreachable(), now)
            return
        self._running[invocation.request_id] = invocation
        self._begin(invocation, now)
        self._emit(Reply(exchange, answers.event_answer(invocation, sends_empty=True)))

    def begin_warm(self, invocation: Invocation) -> Exchange | None:
        """Hand an invocation to the runtime, if nothing else is to be decided: give the poll to answer."""
        if not self.is_plain or not self._idle or self._left:
            return None
        self._running[invocation.request_id] = invocation
        return self._idle.popleft()

    def end_warm(self, invocation: Invocation, poll: Exchange) -> bool:
        """End an invocation: its answer and the next poll came as one. Give whether it was running."""
        if self._running.get(invocation.request_id) is not invocation or self.is_stopped:
            return False
        del self._running[invocation.request_id]
        self._idle.append(poll)
        return True

    def response(self, exchange: Exchange, request_id: str, answer: RuntimeAnswer, now: float) -> None:
        """Take `/response`."""
        invocation = self._answering(exchange, request_id, answer)
        if invocation is None:
            return
        if answer.response_mode not in {"", "streaming"}:
            self._emit(Reply(exchange, answers.INVALID_RESPONSE_MODE))
            return
        if self.records.are_watched:
            self.records.responded(request_id, answer.size, answer.trailer_error_type or None, now)
        outcome, reply = failures.read_outcome(answer), answers.ACCEPTED
        if not answer.content_type:
            outcome = Outcome(outcome.body, "application/octet-stream", outcome.is_error)
        if answer.is_truncated:
            outcome, reply = failures.truncated().outcome(request_id), answers.TRUNCATED
        elif answer.size > invocation.response_limit:
            failure = failures.oversized(answer.size, invocation.response_limit)
            outcome, reply = failure.outcome(request_id), answers.TOO_LARGE
        self._end(invocation, outcome, now)
        self._emit(Reply(exchange, reply))

    def error(self, exchange: Exchange, request_id: str, answer: RuntimeAnswer, now: float) -> None:
        """Take `/error`."""
        invocation = self._answering(exchange, request_id, answer)
        if invocation is None:
            return
        if answer.size > MAX_ERROR:
            self._emit(Reply(exchange, answers.TOO_LARGE))
            return
        if self.records.are_watched:
            self.records.responded(request_id, answer.size, answer.error_type, now)
        outcome, reply = Outcome(answer.body, is_error=True), answers.ACCEPTED
        if answer.is_truncated:
            outcome, reply = failures.truncated().outcome(request_id), answers.TRUNCATED
        self._end(invocation, outcome, now)
        self._emit(Reply(exchange, reply))

    def _answering(self, exchange: Exchange, request_id: str, answer: RuntimeAnswer) -> Invocation | None:
        if self._refuse_if_stopped(exchange):
            return None
        invocation = self._running.get(request_id)
        if invocation is None:
            late = request_id in self._timed_out
            self._timed_out.pop(request_id, None)
            self._emit(Reply(exchange, answers.INVOKE_TIMEOUT if late else answers.INVALID_REQUEST_ID))
            return None
        echo = answer.invocation_id
        if echo and invocation.invocation_id and echo != invocation.invocation_id:
            self._emit(Reply(exchange, answers.INVOKE_TIMEOUT))
            return None
        return invocation

    def _end(self, invocation: Invocation, outcome: Outcome, now: float) -> None:
        del self._running[invocation.request_id]
        self._complete(invocation, outcome)
        self._finish(invocation, now)

    def init_error(self, exchange: Exchange, answer: RuntimeAnswer, now: float) -> None:
        """Take `/init/error`: the first worker's report wins, and none counts once a lane has polled."""
        if self._refuse_second_report(exchange):
            return
        self._emit(Reply(exchange, answers.ACCEPTED))
        self._fail_init(failures.reported(answer.error_type, answer.body), now)

    def _refuse_second_report(self, exchange: Exchange) -> bool:
        if not self._has_polled and not self.is_stopped:
            return False
        state = "Ready" if self._has_polled else "InitError"
        self._emit(Reply(exchange, answers.invalid_transition(state, "InitError")))
        return True

    def expire(self, now: float) -> None:
        """Give up on invocations past their limit. Their handlers go on, and nothing else is touched."""
        for invocation in [each for each in self._running.values() if now >= each.deadline]:
            del self._running[invocation.request_id]
            self._timed_out[invocation.request_id] = None
            if len(self._timed_out) > MAX_TIMED_OUT:
                self._timed_out.popitem(last=False)
            self.abandon(invocation, failures.timed_out(invocation.timeout), now)

    def disconnected(self, exchange: Exchange) -> None:
        """Keep the entry of a poller that went away: the next event is lost on it."""
        if exchange in self._idle:
            self._left.add(exchange)
