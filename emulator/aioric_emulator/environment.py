"""One execution environment at work: its Runtime API, its process, its log. Decisions are the model's."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from aioric_emulator.log_lines import FrameReader, LineReader
from aioric_emulator.log_pipe import LogPipe, LogSocket
from aioric_emulator.process import RuntimeProcess, launch
from aioric_emulator.runtime_api import RuntimeApi
from aioric_emulator.server import listen
from aioric_emulator.snapshot.copying import CopyError
from aioric_emulator.snapshot.source import CAN_COPY, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.guardian import Guardian
    from aioric_emulator.log_pipe import Reader
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.server import Listener
    from aioric_emulator.snapshot.switchboard import Switchboard

__all__ = ["RunningEnvironment"]

# What a runtime gets between SIGTERM and SIGKILL when an extension is registered; without one there is no
# SIGTERM. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
CLASSIC_GRACE = 0.5
MANAGED_GRACE = 0.6
# How often the memory of a runtime's children is looked at.
SAMPLE_INTERVAL = 0.25


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
        self._logs: list[LogPipe | LogSocket] = []
        self._process: RuntimeProcess | None = None
        # What copies of this environment are made by, where it is one of SnapStart.
        self.snapshot: Snapshot | None = None
        # Over for the model, but its last lines are still being read.
        self._finishing: Invocation | None = None
        self._stop_asked = anyio.Event()

    def restored(self, *facts: Any) -> RunningEnvironment:
        """Give an environment that is a copy of this one; `facts` are those of the constructor."""
        from aioric_emulator.snapshot.restored import RestoredEnvironment  # noqa: PLC0415 - derives from this class

        assert self.snapshot is not None  # noqa: S101 - the model knows what can be copied
        return RestoredEnvironment(*facts, source=self.snapshot)

    async def tell(self) -> dict[str, Any]:
        """Say what a copy holds. Raises `CopyError`; only copies of a snapshot can be asked."""
        raise CopyError("This is no copy of a snapshot")

    def stop(self) -> None:
        """Ask for the end; `run` returns after it."""
        self._stop_asked.set()

    def drain_logs(self) -> None:
        """Read what the runtime has logged so far."""
        for log in self._logs:
            log.drain()

    def finish(self, invocation: Invocation) -> None:
        """Read what belongs to an invocation before its last lines are written.

        With many lanes that is many descriptors, and is only done for a caller who wants to see.
        """
        if self._configuration.concurrency is None or invocation.caller.wants_logs:
            self._finishing = invocation
            self.drain_logs()
            self._finishing = None

    def describe(self, now: float) -> dict[str, int | float | str | None]:
        """Give what a person wants to know of it."""
        model = self.model
        running = len(list(model.running()))
        state = "init" if model.is_initialising else "busy" if running else "idle"
        state = "snapshot" if model.is_snapshot else state
        return {
            "number": model.number,
            "pid": None if self._process is None else self._process.pid,
            "state": "stopping" if model.is_stopped else state,
            "running": running,
            "age_s": round(now - model.started_at, 1),
            "memory_mb": round(self.max_memory / 1024 / 1024, 1),
            "tenant": model.tenant_id or "",
        }

    def freeze(self) -> None:
        """Stop its processes between two invocations."""
        # What is decided is already so in the model: there may be another call for it.
        is_idle = self.model.reserved is None and not list(self.model.running())
        if self._process is not None and self._configuration.freezes and is_idle:
            self._process.freeze()

    def thaw(self) -> None:
        """Let them go on for the next."""
        if self._process is not None and self._configuration.freezes:
            self._process.thaw()

    @property
    def max_memory(self) -> int:
        """The most memory, in bytes, that the runtime has used so far."""
        return self._process.memory.peak() if self._process is not None else 0

    async def run(self) -> None:
        """Serve the environment until it is stopped."""
        async with AsyncExitStack() as stack:
            try:
                process = await self._start(RuntimeApi(self.model, self._clock, self._apply), stack)
            except OSError as error:
                self.model.launch_failed(str(error), self._clock())
                self._apply()
                return
            self._process = process
            try:
                await self._supervise(process)
            finally:
                if self.snapshot is not None:
                    await self.snapshot.unused()
                grace = CLASSIC_GRACE if self._configuration.concurrency is None else MANAGED_GRACE
                # The life of a snapshot ends in its copies.
                is_told = len(self.model.registrations) and not self.model.is_snapshot
                await process.end(grace if is_told else 0.0)

    async def _start(self, api: RuntimeApi, stack: AsyncExitStack) -> RuntimeProcess:
        """Open the Runtime API and the logs, and start the runtime. Raises `OSError` where that cannot be."""
        application: RuntimeApi | Switchboard = api
        if self._configuration.has_snapshot and CAN_COPY:
            self.snapshot = Snapshot(self.model)
            stack.callback(self.snapshot.close)
            application = self.snapshot.connect(api)
        listener = await self._listen(application, stack)
        stack.callback(self._close_logs)
        process = await self._launch(listener.address, stack)
        if self.snapshot is not None:
            self.snapshot.launched(process, listener.address)
        return process

    async def _listen(self, api: RuntimeApi | Switchboard, stack: AsyncExitStack) -> Listener:
        host, port = self._configuration.api_address
        try:
            return await stack.enter_async_context(listen(api, host, port))
        except OSError:
            # Another environment is there already, or still.
            return await stack.enter_async_context(listen(api, host, 0))

    async def _supervise(self, process: RuntimeProcess) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, process)
            tasks.start_soon(self._sample, process)
            await self._stop_asked.wait()
            tasks.cancel_scope.cancel()

    async def _watch(self, process: RuntimeProcess) -> None:
        status = await process.wait()
        # Its last words come before the news of its end.
        self.drain_logs()
        self.model.exited(status, self._clock())
        self._apply()

    async def _sample(self, process: RuntimeProcess) -> None:
        while True:
            process.memory.sample()
            limit = self._configuration.memory * 1024 * 1024
            if self._configuration.enforces_memory and process.memory.peak() > limit:
                self.model.overran_memory(self._clock())
                self._apply()
            await anyio.sleep(SAMPLE_INTERVAL)

    async def _launch(self, address: str, stack: AsyncExitStack) -> RuntimeProcess:
        configuration = self._configuration
        extra: dict[str, str] = {}
        written = [self._open_pipe(LineReader())]
        kept: list[int] = []
        if configuration.concurrency is not None:
            extra["_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"] = self._open_socket(stack)
        elif configuration.has_framed_log:
            written.append(self._open_pipe(FrameReader()))
            extra["_LAMBDA_TELEMETRY_LOG_FD"] = str(written[1])
            kept.append(written[1])
        stream = f"{self.model.number:08x}"
        # aioric's bootstrap looks for an interpreter; the one with the user's packages is this one.
        inherited = {"AIORIC_PYTHON": sys.executable, **os.environ}
        variables = configuration.runtime_environment(inherited, address, stream, extra)
        if self.snapshot is not None:
            self.snapshot.framed = list(kept)
            carried, more = self.snapshot.prepare(variables)
            written.append(carried)
            kept.append(carried)
            variables |= more
        try:
            root, command = configuration.task_root, configuration.command
            return await launch(command, root, variables, written[0], kept, self._guardian)
        finally:
            for descriptor in written:
                os.close(descriptor)

    def _open_pipe(self, reader: Reader) -> int:
        descriptor, written = os.pipe()
        self._logs.append(LogPipe(descriptor, reader, self._logged))
        return written

    def _open_socket(self, stack: AsyncExitStack) -> str:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="aioric-"))
        path = str(Path(folder) / "log.sock")
        self._logs.append(LogSocket(path, lambda each: LogPipe(each, LineReader(), self._logged)))
        return path

    def _close_logs(self) -> None:
        for log in self._logs:
            log.close()

    def _logged(self, line: str) -> None:
        self._on_line(line, self._find_invocation(line))

    def _find_invocation(self, line: str) -> Invocation | None:
        running = list(self.model.running())
        if self._finishing is not None:
            running.insert(0, self._finishing)
        if self._configuration.concurrency is None:
            if running:
                return running[0]
            reserved = self.model.reserved
            return reserved if reserved is not None and reserved.started_at is not None else None
        request_id = read_request_id(line) if running else ""
        return next((each for each in running if each.request_id == request_id), None)


def read_request_id(line: str) -> str:
    """Give the request id that a JSON line names, or nothing."""
    if not line.startswith("{"):
        return ""
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    found = record.get("requestId", "") if isinstance(record, dict) else ""
    return found if isinstance(found, str) else ""
