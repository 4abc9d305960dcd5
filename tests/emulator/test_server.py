"""The listener: where it is, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import socket

import pytest

from aioric_emulator.connection import Connection
from aioric_emulator.server import listen
from tests.emulator.polling import until
from tests.emulator.test_connection import WAIT, Echo


async def test_a_free_port_is_found() -> None:
    """Two listeners do not meet."""
    async with listen(Echo(), "127.0.0.1", 0) as one, listen(Echo(), "127.0.0.1", 0) as two:
        assert one.address == f"127.0.0.1:{one.port}"
        assert one.port != two.port


async def test_an_address_of_ipv6_is_in_brackets() -> None:
    """As it has to stand in a URL."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        async with listen(Echo(), "::1", 0) as listener:
            assert listener.address == f"[::1]:{listener.port}"
    except OSError:
        pytest.skip("no IPv6 address here")


async def test_connections_end_with_it() -> None:
    """Those that wait for an answer, too."""
    echo = Echo()
    async with listen(echo, "127.0.0.1", 0) as listener:
        peers = [await asyncio.open_connection(listener.host, listener.port) for _ in range(2)]
        peers[0][1].write(WAIT)
        await until(lambda: echo.exchanges)
    for reader, writer in peers:
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
    assert echo.left == echo.exchanges


async def test_a_connection_that_is_not_made_yet_ends_too() -> None:
    """A loop asks for its protocol one turn before it makes it, and the listener may close in between."""
    ours, peer = socket.socketpair()
    lost: list[Connection] = []
    connection = Connection(Echo(), lost.append)
    connection.abort()
    await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, ours)
    reader, writer = await asyncio.open_connection(sock=peer)
    assert await reader.read() == b""
    await until(lambda: lost)
    writer.close()
