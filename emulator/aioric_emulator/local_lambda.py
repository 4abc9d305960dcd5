"""The local Lambda: any number of functions behind one endpoint, for as long as its context is open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

import anyio

from aioric_emulator.allowed_hosts import AllowedHosts
from aioric_emulator.dashboard import Dashboard
from aioric_emulator.front_door import FrontDoor
from aioric_emulator.guardian import guard
from aioric_emulator.history import History
from aioric_emulator.hosted_function import HostedFunction
from aioric_emulator.server import listen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.recording import Recorder

__all__ = ["LocalLambda"]


class LocalLambda:
    """The functions of some configurations, by name. `endpoint` is what boto3 takes as `endpoint_url`.

    `alias` is one more name for the first of them. `recorder` needs the dashboard's history. On loopback,
    requests for another machine's name are refused, but for `allowed_hosts` (see `AllowedHosts`).
    `on_line` is given each line of their logs, with its request id or nothing. What it raises ends nothing
    but itself: it is called no more, and leaving the context raises it, unless another error has done so.
    `on_text`, in its place, is given as many lines at once as there are, and must not raise.
    An instance is used once. Raises `ValueError` where two functions have one name, and on entering `OSError`
    where the address cannot be taken.
    """

    def __init__(
        self,
        configurations: Iterable[FunctionConfiguration],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_line: Callable[[str, str], None] | None = None,
        on_text: Callable[[str], None] | None = None,
        has_dashboard: bool = False,
        alias: str = "",
        recorder: Recorder | None = None,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        history = History(recorder) if has_dashboard else None
        self._listener = None if on_line is None else LineListener(on_line)
        self.functions: dict[str, HostedFunction] = {}
        for configuration in configurations:
            if configuration.name in self.functions:
                raise ValueError(f"two functions are named {configuration.name}")
            hosted = HostedFunction(configuration, (self._listener, on_text), history)
            self.functions[configuration.name] = hosted
        hosts = AllowedHosts(host, allowed_hosts)
        dashboard = None if history is None else Dashboard(self.functions, history, hosts)
        named = dict(self.functions)
        if alias:
            named.setdefault(alias, next(iter(self.functions.values())))
        self._door = FrontDoor(named, dashboard, hosts if hosts.are_checked else None)
        self.endpoint = ""
        self._place = (host, port)
        self._started = anyio.Event()
        self._closing = anyio.Event()
        self._runner: asyncio.Task[None]

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
        if kind is None and self._listener is not None and self._listener.fault is not None:
            raise self._listener.fault

    async def failed(self) -> None:
        """Wait until a fault of ours has ended it, and raise that."""
        await asyncio.wait({self._runner})
        self._runner.result()

    async def _close(self) -> None:
        self._closing.set()
        with anyio.CancelScope(shield=True):
            await asyncio.wait({self._runner})
        self._runner.result()

    async def _run(self) -> None:
        # All scopes and groups are entered and left in this one task. So the context may be entered in one
        # task and left in another, as fixtures are, and what fails within it comes out as it is.
        try:
            async with guard() as guardian, listen(self._door, *self._place) as listener:
                self.endpoint = f"http://{listener.address}"
                async with anyio.create_task_group() as tasks:
                    try:
                        for function in self.functions.values():
                            function.start(tasks, guardian)
                        self._started.set()
                        await self._closing.wait()
                    finally:
                        for function in self.functions.values():
                            function.stop()
                    tasks.cancel_scope.cancel()
        finally:
            self._started.set()


class LineListener:
    """A user's `on_line`, called in the middle of what must be carried out whatever the user's code does."""

    def __init__(self, on_line: Callable[[str, str], None]) -> None:
        self._on_line = on_line
        self.fault: Exception | None = None

    def __call__(self, line: str, request_id: str) -> None:
        """Hand a line on, until that fails."""
        if self.fault is not None:
            return
        try:
            self._on_line(line, request_id)
        except Exception as error:  # noqa: BLE001 - the user's code; raised when they leave the context
            self.fault = error
