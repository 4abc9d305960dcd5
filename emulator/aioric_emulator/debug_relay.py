"""The way of an editor to a function's debugger, and what stands still while somebody is on it."""

from __future__ import annotations

import socket
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

import anyio

from aioric_emulator.disrupted_api import Disruptions
from aioric_emulator.disruptions import ClockJump

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from anyio.abc import SocketStream

    from aioric_emulator.disruptions import Delivery
    from aioric_emulator.messages import Answer

__all__ = ["HOST", "DebugRelay", "DebuggedEvents"]

HOST = "127.0.0.1"
# How long apart, in seconds, the debugger of a function that is not there yet is looked for.
PAUSE = 0.05
# What a function is told in addition to its timeout while it is debugged, in milliseconds: a day.
AHEAD = 86_400_000


class DebugRelay:
    """Listens for editors, and leads each to debugpy in the function's process, once that is there.

    While one is led there `clock` stands still, by which the function's deadlines are kept.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        # Where debugpy is to listen.
        self.inner = free_port()
        self._attached = 0
        self._since = 0.0
        self._paused = 0.0

    @property
    def is_attached(self) -> bool:
        """Whether an editor is connected to the function's debugger."""
        return self._attached > 0

    def clock(self) -> float:
        """Give seconds as `time.monotonic` does, without those in which a debugger was attached."""
        return (self._since if self._attached else time.monotonic()) - self._paused

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Take connections while the context is open. Raises `OSError` where the port is taken."""
        try:
            listener = await anyio.create_tcp_listener(local_host=HOST, local_port=self.port)
        except OSError as error:
            raise OSError(error.errno, f"--debug-port {self.port}: {error.strerror}") from None
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, self._lead)
            yield
            tasks.cancel_scope.cancel()

    async def _lead(self, editor: SocketStream) -> None:
        async with editor, await find_debugger(self.inner) as debugger:
            with self._attach():
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(pass_on, editor, debugger, tasks.cancel_scope)
                    tasks.start_soon(pass_on, debugger, editor, tasks.cancel_scope)

    @contextmanager
    def _attach(self) -> Iterator[None]:
        if not self._attached:
            self._since = time.monotonic()
        self._attached += 1
        try:
            yield
        finally:
            self._attached -= 1
            if not self._attached:
                self._paused += time.monotonic() - self._since


class DebuggedEvents(Disruptions):
    """Tells a function that is debugged that it has time, and has every event come the long way."""

    def __init__(self, relay: DebugRelay) -> None:
        super().__init__()
        self._relay = relay

    @property
    def are_planned(self) -> bool:
        """Always: each event is looked at."""
        return True

    def _depart(self, event: Answer) -> tuple[Answer, Delivery | None]:
        # A clock that is behind has the deadline far ahead.
        return (ClockJump(-AHEAD).change(event) if self._relay.is_attached else event), None


async def find_debugger(port: int) -> SocketStream:
    """Connect to a debugger as soon as it listens."""
    while True:
        try:
            return await anyio.connect_tcp(HOST, port)
        except OSError:
            await anyio.sleep(PAUSE)


async def pass_on(source: SocketStream, target: SocketStream, scope: anyio.CancelScope) -> None:
    """Send what comes from one to the other; when one is gone, that is the end of both."""
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        while True:
            await target.send(await source.receive())
    scope.cancel()


def free_port() -> int:
    """Give a port that nobody has."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
