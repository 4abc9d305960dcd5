"""One execution environment at work: its Runtime API, its processes, its log. Decisions are the model's."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from aioric_emulator import decisions
from aioric_emulator.api_choice import choose_api
from aioric_emulator.environment_log import EnvironmentLog
from aioric_emulator.environment_memory import EnvironmentMemory
from aioric_emulator.extension_processes import ExtensionProcesses, find_extension
from aioric_emulator.log_lines import LineReader
from aioric_emulator.log_owner import find_owner
from aioric_emulator.runtime_launch import inherited, launch_runtime
from aioric_emulator.server import listen_beside
from aioric_emulator.telemetry_delivery import TelemetryDelivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from anyio.abc import TaskGroup

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.decisions import OfEnvironment
    from aioric_emulator.environment_log import Writer
    from aioric_emulator.guardian import Guardian
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.process import RuntimeProcess
    from aioric_emulator.runtime_api import RuntimeApi
    from aioric_emulator.snapshot.source import Snapshot
    from aioric_emulator.snapshot.switchboard import Switchboard

__all__ = ["RunningEnvironment"]

# Of an external extension, as on the platform.
EXTENSION_FOLDER = Path("/")
# How long, in seconds, an environment that ends waits for its last telemetry to be accepted before it tells
# its extensions of the end. The platform promises no order here; a test wants one.
LAST_TELEMETRY = 0.3


class RunningEnvironment:
    """The driver of one environment of the model, from the launch of its runtime to its end.

    `on_line` is given each log line with the invocation that it belongs to, if that is known.
    """

    def __init__(
        self,
        model: ExecutionEnvironment,
        configuration: FunctionConfiguration,
        guardian: Guardian,
        clock: Callable[[], float],
        apply: Callable[[], None],
        on_line: Callable[[str, Invocation | None], None],
    ) -> None:
        self.model = model
        self._configuration = configuration
        self._guardian = guardian
        self._clock = clock
        self._apply = apply
        self._on_line = on_line
        self.log = EnvironmentLog(self._logged)
        self._process: RuntimeProcess | None = None
        # What copies of this environment are made by, where it is one of SnapStart.
        self.snapshot: Snapshot | None = None
        # Over for the model, but its last lines are still being read.
        self._finishing: Invocation | None = None
        self._stop_asked = anyio.Event()
        self._runtime_wanted = anyio.Event()
        self._ended = anyio.Event()
        self._memory = EnvironmentMemory(configuration, guardian, self._overran_memory)
        self._extensions = ExtensionProcesses(guardian, self._memory.join, self._extension_exited)
        self._delivery = TelemetryDelivery(model.telemetry, clock)

    def restored(self, *facts: Any) -> RunningEnvironment:
        """Give an environment that is a copy of this one; `facts` are those of the constructor."""
        from aioric_emulator.snapshot.restored import RestoredEnvironment  # noqa: PLC0415 - derives from this class

        assert self.snapshot is not None  # noqa: S101 - the model knows what can be copied
        return RestoredEnvironment(*facts, source=self.snapshot)

    async def tell(self) -> dict[str, Any]:
        """Say what a copy holds. Raises `CopyError`; only copies of a snapshot can be asked."""
        from aioric_emulator.snapshot.copying import CopyError  # noqa: PLC0415 - few have one

        raise CopyError("This is no copy of a snapshot")

    async def wait_ended(self) -> None:
        """Return when its processes have ended."""
        await self._ended.wait()

    def carry_out(self, decision: OfEnvironment) -> None:
        """Do what a decision means here: log read, record made, processes started, frozen, ended."""
        match decision:
            case decisions.Stop():
                self._stop_asked.set()
            case decisions.StartRuntime():
                self._runtime_wanted.set()
            case decisions.Begin() | decisions.RestoreStart():
                self._thaw()
            case decisions.Finish(_, invocation) | decisions.RuntimeDone(_, invocation):
                self.read_last_lines(invocation)
            case _:
                self.drain_logs()
        if self.model.records.are_watched:
            self.model.records.tell(decision, self._clock(), self.max_memory)
            self._delivery.notice()
        if isinstance(decision, decisions.InitEnd | decisions.Finish):
            self._freeze()

    def drain_logs(self) -> None:
        """Read what has been logged so far."""
        self.log.drain()

    def read_last_lines(self, invocation: Invocation) -> None:
        """Read what an invocation has logged: with many lanes, and descriptors, only for who wants to see."""
        if self._configuration.concurrency is None or invocation.caller.wants_logs:
            self._finishing = invocation
            self.drain_logs()
            self._finishing = None

    def describe(self, now: float) -> dict[str, int | float | str | None]:
        """Give what a person wants to know of it."""
        model = self.model
        running = model.running_count
        state = "init" if model.is_initialising else "busy" if running else "idle"
        state = "snapshot" if model.is_snapshot else state
        return {
            "number": model.number,
            "pid": None if self._process is None else self._process.pid,
            "state": "stopping" if model.is_stopped else state,
            "running": running,
            "age_s": round(now - model.started_at, 1),
            "memory_mb": round(self.max_memory / 1024 / 1024, 1),
            "extensions": ", ".join(f"{name} {pid}" for name, pid in self._extensions.pids.items()),
            "tenant": model.tenant_id or "",
        }

    def _freeze(self) -> None:
        # What is decided is already so in the model: there may be another call for it.
        is_idle = self.model.reserved is None and not list(self.model.running())
        if self._process is not None and self._configuration.freezes and is_idle:
            self.model.telemetry.pause()
            self._process.freeze()
            self._extensions.freeze()

    def _thaw(self) -> None:
        if self._process is not None and self._configuration.freezes:
            self._process.thaw()
            self._extensions.thaw()
            self.model.telemetry.resume()
            self._delivery.notice()

    @property
    def max_memory(self) -> int:
        """The most memory, in bytes, that the runtime and the external extensions have used so far."""
        return self._memory.peak

    async def run(self, predecessors: Iterable[RunningEnvironment] = ()) -> None:
        """Serve the environment until it is stopped.

        With external extensions it starts when its `predecessors` have ended: on the platform an environment
        is reset before it starts anew, so that the ports that its extensions listen on are free.
        """
        # What cancels this stops the environment first. Its end takes time, and happens in any case.
        with anyio.CancelScope(shield=True):
            async with AsyncExitStack() as stack:
                stack.callback(self._ended.set)
                delivery = await stack.enter_async_context(anyio.create_task_group())
                delivery.start_soon(self._delivery.run)
                try:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(self._come_up, stack, tasks, predecessors)
                        await self._stop_asked.wait()
                        tasks.cancel_scope.cancel()
                finally:
                    await self._end()
                    delivery.cancel_scope.cancel()

    async def _come_up(
        self, stack: AsyncExitStack, tasks: TaskGroup, predecessors: Iterable[RunningEnvironment]
    ) -> None:
        model = self.model
        if model.registrations.have_external:
            for predecessor in predecessors:
                await predecessor.wait_ended()
            model.postponed(self._clock())
        model.records.init_started(model.init_phase, model.registrations.new_id(), self._clock())
        try:
            self._memory.open()
            new_api = choose_api(self._configuration, self._memory.check)
            api = new_api(model, self._clock, self._apply)
            self._process = await self._start(api, stack, tasks)
            self._memory.join(self._process)
        except (OSError, ValueError) as error:
            # The latter for a word or variable that no process can have, such as one with a null byte.
            model.launch_failed(str(error), self._clock())
            self._apply()
            return
        tasks.start_soon(self._watch, self._process)
        tasks.start_soon(self._memory.watch)

    async def _start(self, api: RuntimeApi, stack: AsyncExitStack, tasks: TaskGroup) -> RuntimeProcess:
        """Open the Runtime API and the logs, and start extensions and runtime. Raises `OSError`."""
        has_external = self.model.registrations.have_external
        application: RuntimeApi | Switchboard = api
        # A process beside the runtime cannot be copied with it.
        if self._configuration.has_snapshot and not has_external:
            from aioric_emulator.snapshot.source import CAN_COPY, Snapshot  # noqa: PLC0415 - few have one

            if CAN_COPY:
                self.snapshot = Snapshot(self.model)
                stack.callback(self.snapshot.close)
                application = self.snapshot.connect(api)
        listener = await listen_beside(stack, application, *self._configuration.api_address)
        stack.callback(self.log.close)
        if has_external:
            await self._start_extensions(listener.address, tasks)
            await self._runtime_wanted.wait()
        process = await launch_runtime(
            self._configuration,
            self.model.number,
            listener.address,
            self.log,
            self.snapshot,
            stack,
            self._guardian,
        )
        if self.snapshot is not None:
            self.snapshot.launched(process, listener.address)
        return process

    async def _start_extensions(self, address: str, tasks: TaskGroup) -> None:
        variables = self._configuration.extension_environment(inherited(), address)
        for name in self.model.launch_extensions(self._clock()):
            written = self.log.open_pipe(LineReader(), "extension")
            path = find_extension(self._configuration.extension_folders, name)
            try:
                await self._extensions.start(path, variables, written, EXTENSION_FOLDER, tasks)
            except OSError as error:
                self.model.extension_not_launched(name, error.strerror or str(error), self._clock())
            finally:
                os.close(written)
        self._apply()

    def _extension_exited(self, name: str, status: int) -> None:
        self.drain_logs()
        self._memory.check()
        self.model.extension_exited(name, status, self._clock())
        self._apply()

    async def _end(self) -> None:
        """End the runtime, then the external extensions, within the time that the model gives each."""
        model, clock = self.model, self._clock
        if self.snapshot is not None:
            await self.snapshot.unused()
        grace = model.begin_end(clock())
        self._extensions.thaw()
        if self._process is not None:
            # The life of a snapshot ends in its copies.
            await self._process.end(0.0 if model.is_snapshot else grace)
        self.drain_logs()
        if model.telemetry.subscribers:
            await self._delivery.settle(LAST_TELEMETRY)
        unasked = model.announce_end()
        self._apply()
        await self._extensions.end(unasked, max(0.0, model.end_deadline - clock()))
        await self._memory.close()

    async def _watch(self, process: RuntimeProcess) -> None:
        status = await process.wait()
        # Its last words come before the news of its end, and why it ended, before that it did.
        self.drain_logs()
        self._memory.check()
        self.model.exited(status, self._clock())
        self._apply()

    def _overran_memory(self) -> None:
        self.model.overran_memory(self._clock())
        self._apply()

    def _logged(self, writer: Writer, line: str) -> None:
        if self.model.records.are_watched:
            self.model.records.line(writer, line, self._clock())
            self._delivery.notice()
        self._on_line(line, find_owner(line, self.model, self._finishing))
