"""An environment at work that is a copy of a snapshot: no launch and no port of its own, all else as ever."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import anyio

from aioric_emulator.environment import RunningEnvironment
from aioric_emulator.log_lines import FrameReader, LineReader
from aioric_emulator.process import RuntimeProcess
from aioric_emulator.snapshot.copying import Carried, CopyError

if TYPE_CHECKING:
    from contextlib import AsyncExitStack

    from anyio.abc import TaskGroup

    from aioric_emulator.log_pipe import Reader
    from aioric_emulator.runtime_api import RuntimeApi
    from aioric_emulator.snapshot.source import Snapshot

__all__ = ["RestoredEnvironment"]


class RestoredEnvironment(RunningEnvironment):
    """Takes what `RunningEnvironment` takes, and the snapshot that it is a copy of."""

    def __init__(self, *facts: Any, source: Snapshot) -> None:
        super().__init__(*facts)
        self._source = source
        self._control: Carried | None = None

    async def tell(self) -> dict[str, Any]:
        """Ask the copy what it holds. Raises `CopyError`."""
        if self._control is None or self._process is None:
            raise CopyError("The copy is not there")
        self._process.thaw()
        return await self._control.ask()

    async def _start(self, api: RuntimeApi, stack: AsyncExitStack, tasks: TaskGroup) -> RuntimeProcess:  # noqa: ARG002 - a copy has no extension to start
        stack.callback(self.log.close)
        readers: list[Reader] = [LineReader(), *(FrameReader() for _ in self._source.framed)]
        logs = [self.log.open_pipe(reader) for reader in readers]
        # A copy that nobody calls is there for the check.
        is_asked = self.model.reserved is None
        try:
            # Not to be left half-way: the fork takes place all the same.
            with anyio.CancelScope(shield=True):
                copied, control = await self._source.copy(logs, api, is_asked=is_asked)
        except CopyError as error:
            raise OSError(str(error)) from error
        else:
            self._control = control
        finally:
            for descriptor in logs:
                os.close(descriptor)
        stack.callback(control.close)
        stack.callback(self._source.forget, copied.pid)
        return RuntimeProcess(copied, self._guardian)
