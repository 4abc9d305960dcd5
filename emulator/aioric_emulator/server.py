"""A listener on a loopback port that hands the requests of all its connections to one application."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from aioric_emulator.connection import Connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AsyncExitStack

    from aioric_emulator.exchange import Application

__all__ = ["Listener", "listen", "listen_beside"]

# Connections that may wait to be accepted: a load generator opens hundreds at once.
BACKLOG = 1024


class Listener:
    """An open server: where it listens, and its connections."""

    def __init__(self, application: Application) -> None:
        self.host = ""
        self.port = 0
        self._application = application
        self._connections: set[Connection] = set()
        self._all_lost = anyio.Event()

    @property
    def address(self) -> str:
        """`host:port`, as it stands in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def connect(self) -> Connection:
        """Make the protocol of a new connection."""
        connection = Connection(self._application, self._lost)
        self._connections.add(connection)
        return connection

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._all_lost.set()

    async def close(self) -> None:
        """Break off all connections, and wait until they are gone."""
        while self._connections:
            self._all_lost = anyio.Event()
            for connection in list(self._connections):
                connection.abort()
            await self._all_lost.wait()


@asynccontextmanager
async def listen(application: Application, host: str, port: int) -> AsyncIterator[Listener]:
    """Serve an application while the context is open.

    Port 0 takes a free one. Raises `OSError` where the address cannot be taken.
    """
    listener = Listener(application)
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(listener.connect, host, port, backlog=BACKLOG)
    except socket.gaierror as error:
        raise OSError(error.errno, f"{host}: {error.strerror}; name an address of this machine") from None
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        advice = "name another port (0 takes a free one), or end what listens there"
        raise OSError(error.errno, f"{host}:{port}: address already in use; {advice}") from None
    try:
        listener.host, listener.port = server.sockets[0].getsockname()[:2]
        yield listener
    finally:
        server.close()
        with anyio.CancelScope(shield=True):
            await listener.close()
            await server.wait_closed()


async def listen_beside(stack: AsyncExitStack, application: Application, host: str, port: int) -> Listener:
    """Serve an application until the stack ends, on another port where something listens on this one.

    Raises `OSError`.
    """
    try:
        return await stack.enter_async_context(listen(application, host, port))
    except OSError:
        return await stack.enter_async_context(listen(application, host, 0))
