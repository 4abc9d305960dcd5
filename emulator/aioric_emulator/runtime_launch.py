"""The start of an environment's runtime: its logs, its variables, what it inherits."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from aioric_emulator.log_lines import FrameReader, LineReader
from aioric_emulator.process import launch

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.environment_log import EnvironmentLog
    from aioric_emulator.guardian import Guardian
    from aioric_emulator.process import RuntimeProcess
    from aioric_emulator.snapshot.source import Snapshot

__all__ = ["inherited", "launch_runtime"]


def inherited() -> dict[str, str]:
    """Give this process's environment, whatever other threads do to it meanwhile.

    An emulator may run in a thread beside tests, and pytest sets a variable before each and deletes it after.
    """
    return {name: value for name in [*os.environ] if (value := os.environ.get(name)) is not None}


async def launch_runtime(
    configuration: FunctionConfiguration,
    number: int,
    address: str,
    log: EnvironmentLog,
    snapshot: Snapshot | None,
    stack: AsyncExitStack,
    guardian: Guardian,
) -> RuntimeProcess:
    """Start the runtime of an environment, whose Runtime API is at `address`. Raises `OSError`."""
    extra: dict[str, str] = {}
    written = [log.open_pipe(LineReader())]
    kept: list[int] = []
    if configuration.concurrency is not None:
        extra["_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET"] = log.open_socket(stack)
    elif configuration.has_framed_log:
        written.append(log.open_pipe(FrameReader()))
        extra["_LAMBDA_TELEMETRY_LOG_FD"] = str(written[1])
        kept.append(written[1])
    # aioric's bootstrap looks for an interpreter; the one with the user's packages is this one.
    from_here = {"AIORIC_PYTHON": sys.executable, **inherited()}
    variables = configuration.runtime_environment(from_here, address, f"{number:08x}", extra)
    if snapshot is not None:
        snapshot.framed = list(kept)
        carried, more = snapshot.prepare(variables)
        written.append(carried)
        kept.append(carried)
        variables |= more
    try:
        root, command = configuration.task_root, configuration.command
        return await launch(command, root, variables, written[0], kept, guardian)
    finally:
        for descriptor in written:
            os.close(descriptor)
