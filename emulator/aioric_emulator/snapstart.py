"""A SnapStart environment of the model: a classic one whose init ends in a snapshot, resumed by a call.

The process itself stands for the snapshot: it waits in `/restore/next`. Where it can be copied, each copy is
an environment of its own, which asks for its restore again and is answered at once; where it cannot, the
process itself is restored by the first call, and that once.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioric_emulator import answers, failures
from aioric_emulator.classic import ClassicEnvironment, RuntimeState
from aioric_emulator.decisions import Reply, RestoreEnd, RestoreStart

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.decisions import Decision
    from aioric_emulator.extensions import Registrations
    from aioric_emulator.failures import Failure
    from aioric_emulator.messages import Exchange, Invocation, RuntimeAnswer
    from aioric_emulator.phases import Birth, Owner

__all__ = ["SnapStartEnvironment"]

# How long, in seconds, a restore may take with everything that the function hooked to it.
RESTORE_LIMIT = 10.0


class SnapStartEnvironment(ClassicEnvironment):
    """An environment that is snapshotted after its init. A runtime may poll at once and do without hooks."""

    def __init__(
        self, birth: Birth, owner: Owner, emit: Callable[[Decision], None], registrations: Registrations
    ) -> None:
        super().__init__(birth, owner, emit, registrations)
        self._waiting: Exchange | None = None
        self._restored_at: float | None = None
        # Whether the process can be forked: the driver knows.
        self.can_be_copied = False
        if self.snapshot is not None:
            self.is_initialising = False
            self._restored_at = birth.started_at
            # Nobody subscribes in a copy: its init took place before it was one.
            self.telemetry.close()

    @property
    def is_snapshot(self) -> bool:
        """Whether the process waits to be copied."""
        return self._waiting is not None and self.can_be_copied

    @property
    def has_started(self) -> bool:
        """Whether init and restore are behind it."""
        return super().has_started and self._restored_at is None

    @property
    def next_deadline(self) -> float:
        """When `advance` has something to do, unless something else happens before."""
        if self._restored_at is not None:
            return self._restored_at + RESTORE_LIMIT
        return super().next_deadline

    def advance(self, now: float) -> None:
        """Let time pass."""
        if self._restored_at is not None and now >= self._restored_at + RESTORE_LIMIT:
            self._fail_restore(failures.restore_timed_out(RESTORE_LIMIT), now)
        super().advance(now)

    def restore_next(self, exchange: Exchange, now: float) -> None:
        """Take `/restore/next`: the snapshot is taken while it waits."""
        if self._refuse_if_stopped(exchange):
            return
        if self.state is not RuntimeState.STARTED:
            # The platform's own message names the state after the next one.
            self._emit(Reply(exchange, answers.invalid_transition(self.state, RuntimeState.READY)))
            return
        self.registrations.is_open = False
        if self.snapshot is not None:
            self.state = RuntimeState.RESTORING
            self._emit(Reply(exchange, answers.RESTORED))
            return
        self.state = RuntimeState.RESTORE_READY
        self._waiting = exchange
        self._runtime_is_ready()
        self.settle(now)

    def settle(self, now: float) -> None:
        """Init is over when the runtime waits to be restored; a restore, when it polls."""
        if self.state is RuntimeState.RESTORE_READY:
            if self.is_initialising and self.registrations.are_ready:
                self._end_init(now)
                self.is_idle = True
                self._owner.available(self, now)
            return
        if self._restored_at is not None and self.state is RuntimeState.READY:
            self._end_restore(self._restored_at, now)
        super().settle(now)

    def launch_failed(self, detail: str, now: float) -> None:
        """Take note that there was nothing to start, or that the snapshot could not be copied."""
        if self._restored_at is not None and not self.is_stopped:
            self._fail_restore(failures.not_launched(detail), now)
        else:
            super().launch_failed(detail, now)

    def _end_init(self, now: float) -> None:
        super()._end_init(now)
        # It took place when the version was published, so no invocation's REPORT has it.
        self._init_duration = None

    def dispatch(self, invocation: Invocation, now: float) -> None:
        """Restore first, if that has not been done."""
        if self._waiting is None:
            super().dispatch(invocation, now)
            return
        exchange, self._waiting = self._waiting, None
        self.is_idle = False
        self.reserved = invocation
        self.state = RuntimeState.RESTORING
        self._restored_at = now
        self._emit(RestoreStart(self))
        self._emit(Reply(exchange, answers.RESTORED))

    def _end_restore(self, restored_at: float, now: float) -> None:
        self._restore_duration = now - restored_at
        self._restored_at = None
        self._emit(RestoreEnd(self, self._restore_duration, "success"))

    def _fail_restore(self, failure: Failure, now: float) -> None:
        duration = 0.0 if self._restored_at is None else now - self._restored_at
        self._restored_at = None
        self._emit(RestoreEnd(self, duration, failure.status, failure.error_type))
        self._break(failure, "timeout" if failure.status == "timeout" else "failure", now)

    def restore_error(self, exchange: Exchange, answer: RuntimeAnswer, now: float) -> None:
        """Take `/restore/error`: a hook of the function's failed."""
        if self._refuse_if_stopped(exchange) or not self._allows(exchange, RuntimeState.RESTORE_ERROR):
            return
        self.state = RuntimeState.RESTORE_ERROR
        self._emit(Reply(exchange, answers.ACCEPTED))
        self._fail_restore(failures.reported(answer.error_type, answer.body), now)

    def init_error(self, exchange: Exchange, answer: RuntimeAnswer, now: float) -> None:
        """Take `/init/error`, which is a restore's error while there is one."""
        if self.state is RuntimeState.RESTORING:
            self.restore_error(exchange, answer, now)
        else:
            super().init_error(exchange, answer, now)

    def fail(self, failure: Failure, now: float) -> None:
        """End the environment for a failure, perhaps within its restore."""
        if self._restored_at is not None and not self.is_stopped:
            self._fail_restore(failure, now)
        else:
            super().fail(failure, now)

    def disconnected(self, exchange: Exchange) -> None:
        """A runtime that is not there to be restored is gone; its process says so."""
        if exchange is not self._waiting:
            super().disconnected(exchange)
