"""The local Lambda for one function: what the model decides is carried out here."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio

from aioric_emulator import decisions
from aioric_emulator.calls import new_id, new_invocation, refuse_payload
from aioric_emulator.commands import default_command
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.environment import RunningEnvironment
from aioric_emulator.front_door import FrontDoor
from aioric_emulator.guardian import guard
from aioric_emulator.journal import Journal
from aioric_emulator.results import InvokeRejectedError, PendingResult
from aioric_emulator.server import listen
from aioric_emulator.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from anyio.abc import TaskGroup

    from aioric_emulator.guardian import Guardian
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.results import InvokeResult

__all__ = ["Emulator"]


class Emulator:
    """A function on a local Lambda, for as long as its context is open.

    `endpoint` is then what boto3 takes as `endpoint_url`. An instance is used once.
    """

    def __init__(
        self,
        handler: str,
        *,
        task_root: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 3.0,
        memory: int = 128,
        concurrency: int | None = None,
        command: Sequence[str] | None = None,
        name: str = "function",
        host: str = "127.0.0.1",
        port: int = 0,
        max_environments: int = 10,
        init_limit: float | None = None,
        log_format: str = "Text",
        log_level: str = "",
        sends_invocation_id: bool = True,
        has_framed_log: bool = False,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.configuration = FunctionConfiguration(
            handler=handler,
            command=tuple(command) if command is not None else default_command(handler),
            task_root=Path(task_root) if task_root is not None else Path.cwd(),
            name=name,
            variables=dict(env or {}),
            timeout=timeout,
            memory=memory,
            concurrency=concurrency,
            max_environments=max_environments,
            init_limit=init_limit,
            log_format=log_format,
            log_level=log_level,
            sends_invocation_id=sends_invocation_id,
            has_framed_log=has_framed_log,
        )
        self.endpoint = ""
        self._place = (host, port)
        self._clock = time.monotonic
        self._service = Service(self.configuration.facts, self.configuration.limits, new_id)
        self._journal = Journal(self.configuration, on_line)
        self._environments: dict[ExecutionEnvironment, RunningEnvironment] = {}
        self._started = anyio.Event()
        self._closing = anyio.Event()
        self._runner: asyncio.Task[None]
        self._tasks: TaskGroup
        self._guardian: Guardian
        self._is_applying = False
        self._wake = anyio.Event()
        self._wakes_at = float("inf")
        self._deeds: dict[type, Callable[[Any], None]] = {
            decisions.Reply: self._reply,
            decisions.Launch: self._launch,
            decisions.InitEnd: self._init_end,
            decisions.Begin: self._begin,
            decisions.Complete: self._complete,
            decisions.Finish: self._finish,
            decisions.Reject: self._reject,
            decisions.Stop: self._stop,
        }

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run())
        try:
            await self._started.wait()
        except BaseException:
            await self._close()
            raise
        if self._runner.done():
            self._runner.result()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close()

    async def _close(self) -> None:
        self._closing.set()
        with anyio.CancelScope(shield=True):
            await asyncio.wait({self._runner})
        self._runner.result()

    async def _run(self) -> None:
        # All scopes and groups are entered and left in this one task. So the context may be entered in one
        # task and left in another, as fixtures are, and what fails within it comes out as it is.
        try:
            door = FrontDoor(self.configuration, self.submit)
            async with guard() as self._guardian, listen(door, *self._place) as listener:
                self.endpoint = f"http://{listener.address}"
                async with anyio.create_task_group() as self._tasks:
                    await self._serve()
                    self._tasks.cancel_scope.cancel()
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._tasks.start_soon(self._keep_time)
        if self.configuration.concurrency is not None:
            self._service.warm_up(self._clock())
            self._apply()
        self._started.set()
        try:
            await self._closing.wait()
        finally:
            self._service.stop(self._clock())
            self._apply()

    @property
    def logs(self) -> list[str]:
        """All lines so far, of the function and of the platform."""
        for environment in self._environments.values():
            environment.drain_logs()
        return list(self._journal.kept)

    async def invoke(
        self,
        payload: object = b"",
        *,
        client_context: object = None,
        tenant_id: str = "",
        trace_id: str = "",
    ) -> InvokeResult:
        """Invoke the function, and wait until the runtime is done with it.

        `payload` is the event as bytes, or anything that JSON can hold; so is `client_context`. Raises
        `InvokeRejectedError` where no environment takes the call.
        """
        event = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        context = "" if client_context is None else json.dumps(client_context)
        rejection = refuse_payload(event, len(event))
        if rejection is not None:
            raise InvokeRejectedError(rejection)
        caller = PendingResult()
        invocation = new_invocation(
            self.configuration, caller, event, client_context=context, tenant_id=tenant_id, trace_id=trace_id
        )
        self.submit(invocation)
        return await caller.wait(invocation.request_id)

    def submit(self, invocation: Invocation) -> None:
        """Hand an invocation to the service; its caller is told the rest."""
        now = self._clock()
        self._service.epoch_offset = time.time() - now
        self._service.invoke(invocation, now)
        self._apply()
        if self.configuration.concurrency is not None:
            # A call that waits for a lane has a deadline too, and nothing else tells of it.
            self._be_awake_at(self._service.next_deadline)

    async def _keep_time(self) -> None:
        while True:
            self._wake = anyio.Event()
            self._wakes_at = self._service.next_deadline
            with anyio.move_on_after(max(0.0, self._wakes_at - self._clock())):
                await self._wake.wait()
            self._service.advance(self._clock())
            self._apply()

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

    def _launch(self, decision: decisions.Launch) -> None:
        model = decision.environment
        environment = RunningEnvironment(
            model, self.configuration, self._guardian, self._clock, self._apply, self._journal.record
        )
        self._environments[model] = environment
        self._be_awake_at(model.init_deadline)
        self._journal.init_start()
        self._tasks.start_soon(self._run_environment, environment)

    async def _run_environment(self, environment: RunningEnvironment) -> None:
        try:
            await environment.run()
        finally:
            # Not earlier: an invocation that ends with its environment still wants its lines and figures.
            del self._environments[environment.model]

    def _init_end(self, decision: decisions.InitEnd) -> None:
        self._environments[decision.environment].drain_logs()
        self._journal.init_end(decision)

    def _begin(self, decision: decisions.Begin) -> None:
        invocation = decision.invocation
        self._be_awake_at(invocation.deadline)
        self._journal.start(invocation)

    def _complete(self, decision: decisions.Complete) -> None:
        decision.invocation.caller.answered(decision.outcome)

    def _finish(self, decision: decisions.Finish) -> None:
        invocation, ending = decision.invocation, decision.ending
        environment = self._environments[decision.environment]
        environment.finish(invocation)
        memory = environment.max_memory
        self._journal.end(invocation, ending, memory)
        invocation.caller.finished(ending, memory)

    def _reject(self, decision: decisions.Reject) -> None:
        decision.invocation.caller.rejected(decision.rejection)

    def _stop(self, decision: decisions.Stop) -> None:
        self._environments[decision.environment].stop()
