"""One function on the local Lambda: what the model decides is carried out here."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from aioric_emulator import decisions
from aioric_emulator.calls import new_id, new_request
from aioric_emulator.environment import RunningEnvironment
from aioric_emulator.event_attempts import EventAttempts
from aioric_emulator.extension_processes import find_extensions
from aioric_emulator.journal import Journal
from aioric_emulator.results import PendingResult
from aioric_emulator.service import Service
from aioric_emulator.snapshot.check import Copies
from aioric_emulator.warm_path import WarmPath

if TYPE_CHECKING:
    from collections.abc import Callable

    from anyio.abc import TaskGroup

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.guardian import Guardian
    from aioric_emulator.history import History
    from aioric_emulator.journal import Listeners
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.results import InvokeResult

__all__ = ["HostedFunction"]


class HostedFunction:
    """A function with its service, its environments at work, its queue and its log."""

    _tasks: TaskGroup
    _guardian: Guardian

    def __init__(
        self,
        configuration: FunctionConfiguration,
        listeners: Listeners = (None, None),
        history: History | None = None,
    ) -> None:
        self.configuration = configuration
        self._history = history
        self._clock = configuration.clock
        self._service = Service(configuration.facts, configuration.limits, new_id)
        self.warn = partial(self._record, invocation=None)
        self._service.find_external = partial(find_extensions, configuration.extension_folders, self.warn)
        self._events = EventAttempts(configuration, self.submit, self._be_awake_at)
        self._journal = Journal(configuration, *listeners)
        self._environments: dict[ExecutionEnvironment, RunningEnvironment] = {}
        self.copies = Copies(self._service, self._environments, self._clock, self._apply)
        # How often its code was renewed: what was kept of an answer may be another's now.
        self.renewals = 0
        # Of the inits that went well, in milliseconds.
        self.init_durations: list[float] = []
        self._is_applying = False
        self._wake = anyio.Event()
        self._wakes_at = float("inf")
        self._deeds = self._list_deeds()
        if configuration.disruptions is not None:
            configuration.disruptions.join(self._deeds, self.submit)
        logs, deeds = (self._journal, history), (self._be_awake_at, self._apply)
        self.warm_path = WarmPath(configuration, self._service, self._environments, logs, self._clock, deeds)

    def _list_deeds(self) -> dict[type, Callable[[Any], None]]:
        """Give what carries out each kind of decision."""
        return {
            decisions.Reply: self._reply,
            decisions.Launch: self._launch,
            decisions.StartRuntime: self._carry_out,
            decisions.RuntimeReady: self._carry_out,
            decisions.RuntimeDone: self._carry_out,
            decisions.InitEnd: self._init_end,
            decisions.RestoreStart: self._restore,
            decisions.RestoreEnd: self._restore,
            decisions.Begin: self._begin,
            decisions.Complete: self._complete,
            decisions.Finish: self._finish,
            decisions.Reject: self._reject,
            decisions.Stop: self._carry_out,
        }

    def start(self, tasks: TaskGroup, guardian: Guardian) -> None:
        """Serve from now on; environments run in `tasks`, and `guardian` ends what outlives us."""
        self._tasks, self._guardian = tasks, guardian
        self._service.epoch_offset = time.time() - self._clock()
        tasks.start_soon(self._keep_time)
        if self.configuration.layers:
            from aioric_emulator.layers import tell_layers  # noqa: PLC0415 - few functions have some

            for line in tell_layers(self.configuration):
                self.warn(line)
        if self.configuration.concurrency is not None or self.configuration.has_snapshot:
            # Managed Instances come up before they are called, and a snapshot is taken at publication.
            self._service.warm_up(self._clock())
            self._apply()

    def renew(self) -> None:
        """Serve calls from now on with the code as it is now."""
        self.renewals += 1
        self._service.renew(self._clock())
        self._apply()

    def stop(self) -> None:
        """End all environments."""
        self._service.stop(self._clock())
        self._apply()

    @property
    def logs(self) -> list[str]:
        """All lines so far, of the function and of the platform."""
        for environment in self._environments.values():
            environment.drain_logs()
        return self._journal.lines

    @property
    def environment_count(self) -> int:
        """How many environments there are, from their launch to the end of their processes."""
        return len(self._environments)

    def is_serving(self, request_id: str) -> bool:
        """Whether an invocation with this request id is running."""
        running = (each for model in self._environments for each in model.running())
        return any(each.request_id == request_id for each in running)

    def describe_environments(self) -> list[dict[str, Any]]:
        """Give what a person wants to know of each environment: number, process, state, age, memory."""
        now = self._clock()
        return [each.describe(now) for each in self._environments.values()]

    async def invoke(
        self,
        payload: object = b"",
        *,
        client_context: object = None,
        tenant_id: str = "",
        trace_id: str = "",
        cold: bool = False,
    ) -> InvokeResult:
        """Invoke the function, and wait until the runtime is done with it.

        `payload` is the event as bytes, or anything that JSON can hold; so is `client_context`. `cold` asks
        for a new environment. Raises `InvokeRejectedError` where no environment takes the call.
        """
        caller = PendingResult()
        invocation = new_request(
            self.configuration, caller, payload, client_context, tenant_id, trace_id, cold=cold
        )
        self.submit(invocation)
        return await caller.wait(invocation.request_id)

    def submit(self, invocation: Invocation) -> None:
        """Hand an invocation to the service; its caller is told the rest."""
        now = self._clock()
        self._service.epoch_offset = time.time() - now
        self._service.invoke(invocation, now)
        self._apply()
        if self.configuration.concurrency is not None and invocation.started_at is None:
            # A call that waits for a lane has a deadline too, and nothing else tells of it.
            self._be_awake_at(self._service.next_deadline)

    def enqueue(self, payload: object = b"", **facts: str) -> str:
        """Queue an event, as `InvocationType=Event` does, and give its request id.

        `facts` are `client_context`, `tenant_id`, `trace_id` and `qualifier`. Raises `InvokeRejectedError`
        where the payload is too large or no JSON.
        """
        return self._events.enqueue(payload, facts)

    async def _keep_time(self) -> None:
        while True:
            self._wake = anyio.Event()
            self._wakes_at = min(self._service.next_deadline, self._events.next_deadline)
            with anyio.move_on_after(max(0.0, self._wakes_at - self._clock())):
                await self._wake.wait()
            self._service.advance(self._clock())
            self._apply()
            self._events.attempt()

    def _be_awake_at(self, moment: float) -> None:
        if moment < self._wakes_at:
            self._wakes_at = moment
            self._wake.set()

    def _apply(self) -> None:
        # Not reentrant: what an answer sets off is decided at once, but done after what was decided before.
        if self._is_applying:
            return
        self._is_applying = True
        try:
            while pending := self._service.take():
                for decision in pending:
                    self._deeds[type(decision)](decision)
        finally:
            self._is_applying = False

    # One method for each kind of decision…

    def _reply(self, decision: decisions.Reply) -> None:
        decision.exchange.reply(decision.answer)

    def _carry_out(self, decision: decisions.OfEnvironment) -> None:
        self._environments[decision.environment].carry_out(decision)

    def _launch(self, decision: decisions.Launch) -> None:
        model = decision.environment
        facts = model, self.configuration, self._guardian, self._clock, self._apply, self._record
        if model.snapshot is None:
            environment = RunningEnvironment(*facts)
            self._journal.init_start()
        else:
            environment = self._environments[model.snapshot].restored(*facts)
        ending = [each for each in self._environments.values() if each.model.is_stopped]
        self._environments[model] = environment
        self._be_awake_at(model.next_deadline)
        self._tasks.start_soon(self._run_environment, environment, ending)

    def _record(self, line: str, invocation: Invocation | None) -> None:
        self._journal.record(line, invocation)
        if self._history is not None:
            self._history.logged(invocation, line)

    async def _run_environment(
        self, environment: RunningEnvironment, predecessors: list[RunningEnvironment]
    ) -> None:
        try:
            await environment.run(predecessors)
        finally:
            if not environment.model.is_stopped:
                # A fault of ours, which ends the whole; but nobody is to wait for an answer for ever.
                environment.model.shut_down(self._clock())
                self._apply()
            # Not earlier: an invocation that ends with its environment still wants its lines and figures.
            del self._environments[environment.model]

    def _init_end(self, decision: decisions.InitEnd) -> None:
        self._carry_out(decision)
        self._journal.init_end(decision)
        if decision.status == "success":
            self.init_durations.append(decision.duration * 1000)

    def _restore(self, decision: decisions.RestoreStart | decisions.RestoreEnd) -> None:
        self._carry_out(decision)
        if isinstance(decision, decisions.RestoreEnd):
            self._journal.restore_end(decision)
        else:
            self._journal.restore_start()

    def _begin(self, decision: decisions.Begin) -> None:
        invocation = decision.invocation
        self._carry_out(decision)
        self._be_awake_at(invocation.deadline)
        self._journal.start(invocation)
        if self._history is not None:
            self._history.began(self.configuration.name, decision.environment.number, invocation)

    def _complete(self, decision: decisions.Complete) -> None:
        decision.invocation.caller.answered(decision.outcome)
        if self._history is not None:
            self._history.answered(decision.invocation, decision.outcome)

    def _finish(self, decision: decisions.Finish) -> None:
        invocation, ending = decision.invocation, decision.ending
        self._carry_out(decision)
        memory = self._environments[decision.environment].max_memory
        self._journal.end(invocation, ending, memory)
        if self._history is not None:
            self._history.finished(invocation, ending, memory)
        invocation.caller.finished(ending, memory)
        if self.configuration.max_age is not None:
            # An environment that only waits has a deadline too: it is to be recycled.
            self._be_awake_at(decision.environment.started_at + self.configuration.max_age)

    def _reject(self, decision: decisions.Reject) -> None:
        decision.invocation.caller.rejected(decision.rejection)
