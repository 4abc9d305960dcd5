"""The snapshot of one environment: its process, and its Runtime API, which all copies share."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from aioric_emulator.snapshot.copying import CAN_COPY, Carried, CopyError
from aioric_emulator.snapshot.switchboard import Switchboard
from aioric_emulator.snapstart import SnapStartEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.process import RuntimeProcess
    from aioric_emulator.runtime_api import RuntimeApi
    from aioric_emulator.snapshot.copying import CopiedProcess

__all__ = ["CAN_COPY", "Snapshot"]

FOLDER = Path(__file__).with_name("carried")


class Snapshot:
    """What an environment of SnapStart has besides the others, from its launch on."""

    def __init__(self, model: ExecutionEnvironment) -> None:
        self._model = model
        self._control: Carried | None = None
        self._switchboard: Switchboard
        self._process: RuntimeProcess
        self._address = ""
        self._port = 0
        self._copies = 0
        self._unused = anyio.Event()
        # The numbers of the descriptors, besides the standard streams, that the process logs to.
        self.framed: list[int] = []

    def connect(self, api: RuntimeApi) -> Switchboard:
        """Give what serves the environment's Runtime API, and that of its copies."""
        self._switchboard = Switchboard(api, self._waits)
        return self._switchboard

    def prepare(self, variables: Mapping[str, str]) -> tuple[int, dict[str, str]]:
        """Give the process's end of the control socket, and the variables by which it takes that up."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = Carried(ours)
        path = variables.get("PYTHONPATH")
        descriptor = theirs.detach()
        extra = {"_AIORIC_SNAPSHOT_FD": str(descriptor), "PYTHONPATH": str(FOLDER)}
        if path is not None:
            extra |= {"PYTHONPATH": f"{FOLDER}{os.pathsep}{path}", "_AIORIC_PYTHONPATH": path}
        return descriptor, extra

    def launched(self, process: RuntimeProcess, address: str) -> None:
        """Take note of the process, and of where its Runtime API is."""
        self._process, self._address = process, address
        self._switchboard.port = int(address.rpartition(":")[2])

    def close(self) -> None:
        """Let go of the process."""
        if self._control is not None:
            self._control.close()

    def _waits(self, port: int) -> None:
        self._port = port
        if isinstance(self._model, SnapStartEnvironment) and self._control is not None:
            self._model.can_be_copied = self._control.is_carried

    async def copy(
        self, logs: Sequence[int], api: RuntimeApi, *, is_asked: bool
    ) -> tuple[CopiedProcess, Carried]:
        """Have a copy made that logs to `logs`, and that `api` answers. Raises `CopyError`."""
        if self._control is None:
            raise CopyError("The snapshot has ended")
        self._process.thaw()
        self._copies += 1
        try:
            copied, control = await self._control.copy(
                self._process.pid, self._port, self._address, logs, self.framed, is_asked=is_asked
            )
        except BaseException:
            self._ended()
            raise
        self._switchboard.add(copied.pid, api)
        control.let_go()
        return copied, control

    def forget(self, pid: int) -> None:
        """Take note that a copy has ended."""
        self._switchboard.remove(pid)
        self._ended()

    def _ended(self) -> None:
        self._copies -= 1
        if not self._copies:
            self._unused.set()

    async def unused(self) -> None:
        """Wait for the end of all copies: they live on this environment's Runtime API."""
        with anyio.CancelScope(shield=True):
            while self._copies:
                self._unused = anyio.Event()
                await self._unused.wait()
