"""What every execution environment of the model has in common: init, extensions, exit, the end.

How invocations are handed out and answered differs: see `classic` and `managed`.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aioric_emulator import answers, failures
from aioric_emulator.decisions import (
    Begin,
    Complete,
    Decision,
    Finish,
    InitEnd,
    Reply,
    RuntimeReady,
    StartRuntime,
    Stop,
)
from aioric_emulator.extension_calls import ExtensionCalls
from aioric_emulator.messages import Ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aioric_emulator.extensions import Registrations
    from aioric_emulator.failures import Failure
    from aioric_emulator.messages import Exchange, Invocation, Outcome, RuntimeAnswer

__all__ = ["INIT", "INVOKE", "Birth", "ExecutionEnvironment", "Owner"]

# The phases an init can run in. A failed on-demand init is repeated within the invocation's own limit.
INIT = "init"
INVOKE = "invoke"


@dataclass(frozen=True, slots=True)
class Birth:
    """The circumstances in which an environment is started."""

    number: int
    started_at: float
    init_deadline: float
    init_phase: str = INIT
    # The environment that this one is a copy of.
    snapshot: ExecutionEnvironment | None = None


class Owner(Protocol):
    """Who an environment tells about its life: the service."""

    # Wall clock minus the clock that `now` is read from, in seconds.
    epoch_offset: float

    def available(self, environment: ExecutionEnvironment, now: float) -> None:
        """The environment can take an invocation."""

    def init_failed(self, environment: ExecutionEnvironment, failure: Failure, now: float) -> None:
        """The environment never came up, and is stopped."""

    def gone(self, environment: ExecutionEnvironment) -> None:
        """The environment is stopped."""


class ExecutionEnvironment(ExtensionCalls):
    """One runtime process with its extensions, as the platform sees it. All times are in seconds."""

    def __init__(
        self, birth: Birth, owner: Owner, emit: Callable[[Decision], None], registrations: Registrations
    ) -> None:
        super().__init__(registrations, owner.epoch_offset, emit)
        self.number = birth.number
        self.started_at = birth.started_at
        self.init_deadline = birth.init_deadline
        self.init_phase = birth.init_phase
        self.snapshot = birth.snapshot
        self.tenant_id: str | None = None
        # Only the caller and the runtime take part in its invocations: no extension, and nobody who watches.
        self.is_plain = False
        # The invocation that this environment was made for, until the runtime is ready to take it.
        self.reserved: Invocation | None = None
        self._owner = owner
        # Told by the first REPORT line only.
        self._init_duration: float | None = None
        self._restore_duration: float | None = None

    # What the two kinds do each in their own way…

    @abstractmethod
    def next(self, exchange: Exchange, body_size: int, now: float) -> None:
        """Take the runtime's `/next`."""

    @abstractmethod
    def response(self, exchange: Exchange, request_id: str, answer: RuntimeAnswer, now: float) -> None:
        """Take the runtime's `/response`."""

    @abstractmethod
    def error(self, exchange: Exchange, request_id: str, answer: RuntimeAnswer, now: float) -> None:
        """Take the runtime's `/error`."""

    @abstractmethod
    def init_error(self, exchange: Exchange, answer: RuntimeAnswer, now: float) -> None:
        """Take the runtime's `/init/error`."""

    @abstractmethod
    def dispatch(self, invocation: Invocation, now: float) -> None:
        """Hand an invocation to the runtime."""

    @abstractmethod
    def begin_warm(self, invocation: Invocation) -> Exchange | None:
        """Hand an invocation to the runtime, if nothing else is to be decided: give the poll to answer."""

    @abstractmethod
    def end_warm(self, invocation: Invocation, poll: Exchange) -> bool:
        """End an invocation: its answer and the next poll came as one. Give whether it was running."""

    @abstractmethod
    def running(self) -> Iterable[Invocation]:
        """Give the invocations that are not over."""

    @abstractmethod
    def expire(self, now: float) -> None:
        """End what is past its deadline, of an environment that is up."""

    @abstractmethod
    def disconnected(self, exchange: Exchange) -> None:
        """Take note that a request's peer has gone before its answer."""

    # …and what they share.

    @property
    def running_count(self) -> int:
        """How many invocations are not over."""
        return len(list(self.running()))

    @property
    def has_started(self) -> bool:
        """Whether init, or the restore of a copy, is behind it."""
        return not self.is_initialising

    @property
    def is_snapshot(self) -> bool:
        """Whether this is a snapshot, which serves nobody itself: its copies do."""
        return False

    @property
    def next_deadline(self) -> float:
        """When `advance` has something to do, unless something else happens before."""
        if self.is_initialising:
            return self.init_deadline
        return min((invocation.deadline for invocation in self.running()), default=float("inf"))

    def advance(self, now: float) -> None:
        """Let time pass."""
        if self.is_stopped:
            return
        if self.is_initialising:
            if now >= self.init_deadline:
                self._fail_init(failures.timed_out(self.init_deadline - self.started_at), now)
        else:
            self.expire(now)

    def fail(self, failure: Failure, now: float) -> None:
        """End the environment for a failure, within its init or after it."""
        if self.is_stopped:
            return
        if self.is_initialising:
            self._fail_init(failure, now)
        else:
            self._break(failure, "failure", now)

    def exited(self, status: int, now: float) -> None:
        """Take note that the runtime's process ended; a negative status is a signal's number."""
        self.fail(failures.exited(status), now)

    def overran_memory(self, now: float) -> None:
        """Take note that the environment uses more memory than its function has."""
        self.fail(failures.out_of_memory(), now)

    def postponed(self, now: float) -> None:
        """Take note that it starts only now: the environment before it had to end first."""
        delay = now - self.started_at
        self.started_at = now
        self.init_deadline += delay
        if self.reserved is not None and self.reserved.started_at is not None:
            self.reserved.deadline += delay

    def launch_failed(self, detail: str, now: float) -> None:
        """Take note that there was nothing to start."""
        if not self.is_stopped:
            self._fail_init(failures.not_launched(detail), now)

    def stop(self, reason: str) -> None:
        """End this environment, whatever it does."""
        if not self.is_stopped:
            self.is_stopped = True
            self.stop_reason = reason
            self._emit(Stop(self, reason))
            self._owner.gone(self)

    def shut_down(self, now: float) -> None:
        """End this environment and whatever it still does."""
        self._break(failures.killed(), "spindown", now)

    def restore_next(self, exchange: Exchange, now: float) -> None:  # noqa: ARG002 - those that have snapshots need it
        """Take the runtime's `/restore/next`, which only environments with a snapshot know."""
        self._emit(Reply(exchange, answers.NOT_FOUND))

    def restore_error(self, exchange: Exchange, answer: RuntimeAnswer, now: float) -> None:  # noqa: ARG002 - likewise
        """Take the runtime's `/restore/error`, likewise."""
        self._emit(Reply(exchange, answers.NOT_FOUND))

    def _begin(self, invocation: Invocation, now: float) -> None:
        if invocation.started_at is None:
            invocation.started_at = now
            invocation.deadline = now + invocation.timeout
            invocation.deadline_ms = round((invocation.deadline + self._owner.epoch_offset) * 1000)
            self._emit(Begin(self, invocation))

    def _complete(self, invocation: Invocation, outcome: Outcome) -> None:
        if not invocation.is_answered:
            invocation.is_answered = True
            self._emit(Complete(invocation, outcome))

    def _finish(self, invocation: Invocation, now: float, failure: Failure | None = None) -> None:
        duration = 0.0 if invocation.started_at is None else now - invocation.started_at
        status, error_type = ("success", "") if failure is None else (failure.status, failure.error_type)
        ending = Ending(duration, status, error_type, self._init_duration, self._restore_duration)
        self._init_duration = self._restore_duration = None
        self.is_plain = not self.registrations and not self.records.are_watched
        self._emit(Finish(self, invocation, ending))

    def abandon(self, invocation: Invocation, failure: Failure, now: float) -> None:
        """End an invocation that this environment could not serve."""
        self._begin(invocation, now)
        self._complete(invocation, failure.outcome(invocation.request_id))
        self._finish(invocation, now, failure)

    def _start_runtime(self) -> None:
        self._emit(StartRuntime(self))

    def _runtime_is_ready(self) -> None:
        if self.is_initialising:
            self._emit(RuntimeReady(self))

    def _end_init(self, now: float) -> None:
        self.is_initialising = False
        duration = now - self.started_at
        if self.init_phase == INIT:
            self._init_duration = duration
        extensions = self.registrations.report()
        self._emit(InitEnd(self, duration, self.init_phase, "success", extensions=extensions))

    def _fail_init(self, failure: Failure, now: float) -> None:
        status, error_type = failure.status, failure.error_type
        duration, extensions = now - self.started_at, self.registrations.report()
        self._emit(InitEnd(self, duration, self.init_phase, status, error_type, extensions))
        self.stop("timeout" if status == "timeout" else "failure")
        self._owner.init_failed(self, failure, now)

    def _break(self, failure: Failure, reason: str, now: float) -> None:
        if self.reserved is not None:
            invocation, self.reserved = self.reserved, None
            self.abandon(invocation, failure, now)
        for invocation in list(self.running()):
            self.abandon(invocation, failure, now)
        self.stop(reason)
