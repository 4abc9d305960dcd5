"""The platform's side of one function: which environment serves which call. No socket, no clock.

Events go in as method calls with the time in seconds; decisions come out of `take`, in order.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from aioric_emulator.classic import ClassicEnvironment
from aioric_emulator.decisions import Begin, Decision, Launch, Reject, RestoreStart
from aioric_emulator.extensions import Registrations
from aioric_emulator.managed import ManagedEnvironment
from aioric_emulator.phases import INIT, INVOKE, Birth
from aioric_emulator.publication import Publication
from aioric_emulator.rejections import ENDING, THROTTLED, UNAVAILABLE
from aioric_emulator.reservations import Reservations, reserve
from aioric_emulator.snapstart import SnapStartEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.extensions import FunctionFacts
    from aioric_emulator.failures import Failure
    from aioric_emulator.limits import Limits
    from aioric_emulator.messages import Exchange, Invocation
    from aioric_emulator.phases import ExecutionEnvironment

__all__ = ["Service"]

# How long a call may wait for a lane that is between its answer and its next poll. The platform refuses
# at once, but there a router in front retries on other environments; here there is only the one.
LANE_PATIENCE = 1.0


class Service:
    """One function's environments and the calls on their way to them."""

    def __init__(self, facts: FunctionFacts, limits: Limits, new_id: Callable[[], str]) -> None:
        self.epoch_offset = 0.0
        # Gives the files of the external extensions that a new environment starts.
        self.find_external: Callable[[], tuple[str, ...]] = tuple
        self._facts = facts
        self._limits = limits
        self._new_id = new_id
        # What `take` gives.
        self.decided: list[Decision] = []
        self._launched = 0
        self._environments: dict[int, ExecutionEnvironment] = {}
        # The most recently used is taken first, so that the others may go cold.
        self._idle: list[ExecutionEnvironment] = []
        self._coming = Reservations()
        self._held: deque[Invocation] = deque()
        self._publication = Publication(is_wanted=limits.has_snapshot)
        # Environments of code that has changed since: they end what they do, and serve no other call.
        self._outdated: set[ExecutionEnvironment] = set()
        self._is_ending = False

    def take(self) -> list[Decision]:
        """Give the decisions since the last time."""
        decisions, self.decided[:] = self.decided[:], []
        return decisions

    @property
    def next_deadline(self) -> float:
        """When `advance` has something to do, unless something else happens before."""
        times = [environment.next_deadline for environment in self._environments.values()]
        if self._held:
            times.append(self._held[0].arrived_at + LANE_PATIENCE)
        if self._limits.max_age is not None:
            times += [environment.started_at + self._limits.max_age for environment in self._idle]
        return min(times, default=float("inf"))

    def advance(self, now: float) -> None:
        """Let time pass."""
        for environment in list(self._environments.values()):
            environment.advance(now)
        for environment in [each for each in self._idle if self._is_aged(each, now)]:
            environment.stop("spindown")
        while self._held and now >= self._held[0].arrived_at + LANE_PATIENCE:
            if self.is_initialising:
                # It is not the lanes that are late. Ask again when init is over.
                self._held[0].arrived_at = now
                return
            self.decided.append(Reject(self._held.popleft(), UNAVAILABLE))

    def _is_aged(self, environment: ExecutionEnvironment, now: float) -> bool:
        return self._limits.max_age is not None and now >= environment.started_at + self._limits.max_age

    def warm_up(self, now: float) -> None:
        """Start an environment before there is a call for it."""
        self._launch(now, self._limits.init, INIT)

    def renew(self, now: float) -> None:
        """Have calls from now on served by new environments: the function's code has changed."""
        self._publication.snapshot = None
        for environment in list(self._environments.values()):
            self.retire(environment)
        if self._limits.lanes is not None or self._limits.has_snapshot:
            self.warm_up(now)

    def retire(self, environment: ExecutionEnvironment) -> None:
        """End an environment as soon as it has nothing to do."""
        self._outdated.add(environment)
        if environment in self._idle or self._is_done(environment):
            environment.stop("spindown")

    def _is_done(self, environment: ExecutionEnvironment) -> bool:
        # One that nobody waits for need not come up either.
        return environment.reserved is None and not list(environment.running())

    def stop(self, now: float) -> None:
        """End every environment, and refuse the calls that wait for one, or come from now on."""
        # One that came in the meantime would start an environment that nobody ends.
        self._is_ending = True
        for invocation in [*self._held, *self._publication.take_waiting()]:
            self.decided.append(Reject(invocation, ENDING))
        self._held.clear()
        for environment in list(self._environments.values()):
            environment.shut_down(now)

    def invoke(self, invocation: Invocation, now: float) -> None:
        """Take a call."""
        invocation.arrived_at = now
        if self._is_ending:
            self.decided.append(Reject(invocation, ENDING))
        elif self._limits.lanes is None:
            self._invoke_classic(invocation, now)
        else:
            self._invoke_managed(invocation, self._limits.lanes, now)

    def begin_warm(self, invocation: Invocation, now: float) -> tuple[ExecutionEnvironment, Exchange] | None:
        """Take a call that an environment can serve at once: give it, and the poll that the event answers.

        `invoke` comes to the same in more steps. None, and nothing is changed, where more is to be decided.
        """
        idle = self._idle
        environment = idle[-1] if idle else self._find_lanes()
        if environment is None or (poll := environment.begin_warm(invocation)) is None:
            return None
        if idle:
            del idle[-1]
        invocation.arrived_at = invocation.started_at = now
        invocation.deadline = deadline = now + invocation.timeout
        invocation.deadline_ms = int((deadline + self.epoch_offset) * 1000 + 0.5)
        return environment, poll

    def _find_lanes(self) -> ExecutionEnvironment | None:
        lanes = self._limits.lanes
        if lanes is None or self._held or self._outdated or len(self._environments) != 1:
            return None
        (environment,) = self._environments.values()
        return environment if environment.running_count < lanes else None

    def end_warm(
        self, environment: ExecutionEnvironment, invocation: Invocation, poll: Exchange, now: float
    ) -> bool:
        """Take a plain answer that came with the next poll, and give whether there was anything to answer.

        `response` and `next` come to the same in more steps. What `take` gives is to be done after it.
        """
        if not environment.end_warm(invocation, poll):
            return False
        invocation.is_answered = True
        if self._held or self._coming or self._outdated or self._limits.max_age is not None:
            self.available(environment, now)
        elif self._limits.lanes is None:
            self._idle.append(environment)
        return True

    def _invoke_classic(self, invocation: Invocation, now: float) -> None:
        environment = None if invocation.wants_cold else self._take_idle(invocation.tenant_id)
        if environment is not None:
            environment.dispatch(invocation, now)
            return
        snapshot = self._publication.snapshot
        current = (each for each in self._environments.values() if each not in self._outdated)
        if self._publication.hold(invocation, current) or self._coming.claim(invocation, self._outdated):
            return
        if len(self._environments) - (snapshot is not None) >= self._limits.environments:
            if not self._idle:
                self.decided.append(Reject(invocation, THROTTLED))
                return
            # None of those that idle may serve this call: other tenants', or it wants a new one.
            self._idle[0].stop("spindown")
        environment = self._launch(now, self._limits.init, INIT, snapshot)
        (reserve if self._limits.has_snapshot else self._coming.add)(environment, invocation)

    @property
    def is_initialising(self) -> bool:
        """Whether an environment comes up for the first time."""
        return any(environment.is_initialising for environment in self._environments.values())

    def restore(self, now: float) -> ExecutionEnvironment | None:
        """Copy the snapshot before there is a call for it; None where there is none to copy."""
        snapshot = self._publication.snapshot
        return None if snapshot is None else self._launch(now, self._limits.init, INIT, snapshot)

    def _take_idle(self, tenant_id: str) -> ExecutionEnvironment | None:
        for index in range(len(self._idle) - 1, -1, -1):
            if self._idle[index].tenant_id in {None, tenant_id}:
                environment = self._idle.pop(index)
                environment.tenant_id = tenant_id
                return environment
        return None

    def _invoke_managed(self, invocation: Invocation, lanes: int, now: float) -> None:
        current = (each for each in self._environments.values() if each not in self._outdated)
        environment = next(current, None)
        if environment is None:
            environment = self._launch(now, self._limits.init, INIT)
        if environment.running_count + len(self._held) >= lanes:
            self.decided.append(Reject(invocation, THROTTLED))
            return
        self._held.append(invocation)
        if not environment.is_initialising:
            self.available(environment, now)

    def _launch(
        self, now: float, init_limit: float, phase: str, snapshot: ExecutionEnvironment | None = None
    ) -> ExecutionEnvironment:
        self._launched += 1
        is_classic = self._limits.lanes is None
        kind: type[ExecutionEnvironment] = ClassicEnvironment if is_classic else ManagedEnvironment
        if is_classic and self._limits.has_snapshot:
            kind = SnapStartEnvironment
        events = frozenset({"INVOKE"} if is_classic else ())
        environment = kind(
            Birth(self._launched, now, now + init_limit, phase, snapshot),
            self,
            self.decided.append,
            Registrations(self._facts, self._new_id, events, self.find_external())
            if snapshot is None
            else snapshot.registrations.copy(),
        )
        self._environments[environment.number] = environment
        self.decided.append(Launch(environment))
        if snapshot is not None:
            self.decided.append(RestoreStart(environment))
        return environment

    # What environments tell their owner…

    def available(self, environment: ExecutionEnvironment, now: float) -> None:
        """Give an environment that waits what waits for it, or for another that is not ready yet."""
        self._coming.forget(environment)
        if environment in self._outdated and self._is_done(environment):
            environment.stop("spindown")
        elif environment.is_snapshot and environment not in self._outdated:
            invocation, environment.reserved = environment.reserved, None
            self._publication.publish(environment)
            if invocation is not None:
                self._invoke_classic(invocation, now)
        elif isinstance(environment, ManagedEnvironment):
            while self._held and environment not in self._outdated and environment.has_idle_lane:
                environment.dispatch(self._held.popleft(), now)
        elif environment.reserved is not None:
            invocation, environment.reserved = environment.reserved, None
            environment.dispatch(invocation, now)
        elif self._is_aged(environment, now):
            environment.stop("spindown")
        elif (passed := self._coming.pass_on(environment)) is not None:
            environment.dispatch(passed, now)
        else:
            self._idle.append(environment)
        for waiting in self._publication.take_waiting():
            self._invoke_classic(waiting, now)

    def init_failed(self, environment: ExecutionEnvironment, failure: Failure, now: float) -> None:
        """Repeat an on-demand init within the invocation's limit, once; after that, tell the callers."""
        self._coming.forget(environment)
        invocation, environment.reserved = environment.reserved, None
        if invocation is None:
            waiting = [*self._held, *self._publication.take_waiting()]
            self._held.clear()
            for each in waiting:
                environment.abandon(each, failure, now)
        elif environment.init_phase == INVOKE:
            environment.abandon(invocation, failure, now)
        else:
            self._repeat_init(invocation, now)

    def _repeat_init(self, invocation: Invocation, now: float) -> None:
        environment = self._launch(now, invocation.timeout, INVOKE)
        reserve(environment, invocation)
        invocation.started_at = now
        invocation.deadline = now + invocation.timeout
        invocation.deadline_ms = round((invocation.deadline + self.epoch_offset) * 1000)
        self.decided.append(Begin(environment, invocation))

    def gone(self, environment: ExecutionEnvironment) -> None:
        """Forget a stopped environment."""
        del self._environments[environment.number]
        self._publication.withdraw(environment)
        self._outdated.discard(environment)
        self._coming.forget(environment)
        if environment in self._idle:
            self._idle.remove(environment)
