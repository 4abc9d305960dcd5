"""Fronts on ports: opened beside a local Lambda, and closed with the context that opened them."""

from __future__ import annotations

import errno
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from aioric_emulator.fronts.door import HttpDoor
from aioric_emulator.server import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from aioric_emulator.fronts.settings import FrontSettings
    from aioric_emulator.hosted_function import HostedFunction
    from aioric_emulator.server import Listener

__all__ = ["serve_front", "serve_fronts"]

# How many ports are tried for a front that asked for none.
TRIED = 100


@asynccontextmanager
async def serve_front(
    settings: FrontSettings,
    functions: Mapping[str, HostedFunction],
    host: str = "127.0.0.1",
    *,
    first_port: int = 0,
) -> AsyncIterator[str]:
    """Serve one front while the context is open; give its URL.

    Without a port of its own it takes the first free one from `first_port` on. Raises `OSError` where the
    address cannot be taken.
    """
    door = HttpDoor(settings.open(), functions)
    async with AsyncExitStack() as stack:
        if settings.port is not None:
            listener = await stack.enter_async_context(listen(door, host, settings.port))
        else:
            listener = await open_next(stack, door, host, first_port)
        yield f"http://{listener.address}/"


async def open_next(stack: AsyncExitStack, door: HttpDoor, host: str, first_port: int) -> Listener:
    """Listen on the first free port."""
    last = min(first_port + TRIED, 65535)
    for port in range(first_port, last + 1):
        try:
            return await stack.enter_async_context(listen(door, host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or port == last:
                raise
    raise AssertionError("the range is not empty")


@asynccontextmanager
async def serve_fronts(
    fronts: Sequence[FrontSettings], functions: Mapping[str, HostedFunction], host: str, lambda_port: int
) -> AsyncIterator[list[tuple[FrontSettings, str]]]:
    """Serve several fronts; give each with its URL.

    Those without a port of their own follow upon `lambda_port`, unless that was any.
    """
    opened: list[tuple[FrontSettings, str]] = []
    async with AsyncExitStack() as stack:
        # Who asked for a port gets it, whatever the others take.
        for settings in sorted(fronts, key=lambda each: each.port is None):
            first = lambda_port + 1 if lambda_port else 0
            url = await stack.enter_async_context(serve_front(settings, functions, host, first_port=first))
            opened.append((settings, url))
        yield opened
