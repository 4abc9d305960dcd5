"""A runtime's process and everything it starts: its launch, its exit status, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import anyio

from aioric_emulator.memory import MemoryGauge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aioric_emulator.guardian import Guardian

__all__ = ["RuntimeProcess", "launch"]


class Process(Protocol):
    """What was started or forked: a child of ours, or the copy of a snapshot."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, once it has ended; a negative one is the number of a signal."""

    async def wait(self) -> int:
        """Wait for it, and give its exit status."""

    async def aclose(self) -> None:
        """Wait for it, and let go of what belongs to it."""


class RuntimeProcess:
    """A running runtime, the leader of its own session and process group."""

    def __init__(self, process: Process, guardian: Guardian) -> None:
        self._process = process
        self._guardian = guardian
        self.memory = MemoryGauge(process.pid)
        guardian.watch(process.pid)

    @property
    def pid(self) -> int:
        """The runtime's process id, which is its group's too."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for the runtime's own process; a negative status is the number of a signal."""
        return await self._process.wait()

    def freeze(self) -> None:
        """Stop the processes where they are: those of the runtime's group."""
        self._signal_group(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self._signal_group(signal.SIGCONT)

    async def end(self, grace: float) -> None:
        """End the process and all that it started.

        `grace` is the time in seconds between SIGTERM and SIGKILL; with none, there is no SIGTERM.
        """
        with anyio.CancelScope(shield=True):
            if grace and self._process.returncode is None:
                self._signal_group(signal.SIGTERM)
                # One that is frozen would not hear of it.
                self.thaw()
                with anyio.move_on_after(grace):
                    await self._process.wait()
            strays = find_strays(self._process.pid)
            self._signal_group(signal.SIGKILL)
            for stray in strays:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(stray, signal.SIGKILL)
            await self._process.aclose()
            self._guardian.forget(self._process.pid)
            self.memory.close()

    def _signal_group(self, number: signal.Signals) -> None:
        # The group outlives its leader for as long as a child is in it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def find_strays(pid: int) -> list[int]:
    """Give the descendants that have left the process group, and so would survive its end."""
    import psutil  # noqa: PLC0415 - slow to import, and not needed to answer an invocation

    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return [child.pid for child in children]


async def launch(
    command: Sequence[str],
    task_root: Path,
    environment: Mapping[str, str],
    log: int,
    kept: Sequence[int],
    guardian: Guardian,
) -> RuntimeProcess:
    """Start a runtime in the function's folder, with both its output streams in one log.

    `kept` are further descriptors that it inherits. Raises `OSError` where there is nothing to start; it
    names the program, or the folder.
    """
    # Not to be cancelled half-way: a process that nobody knows of would be nobody's to end.
    with anyio.CancelScope(shield=True):
        try:
            process = await anyio.open_process(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=task_root,
                env=environment,
                start_new_session=True,
                pass_fds=kept,
            )
        except OSError as error:
            raise named(error, command[0], task_root) from None
    return RuntimeProcess(process, guardian)


def named(error: OSError, program: str, folder: Path) -> OSError:
    """Give a failed launch's error with what it is about, which uvloop's does not say."""
    return OSError(error.errno, error.strerror, program if folder.is_dir() else str(folder))
