"""What a connection writes, on asyncio's own loop and on uvloop, whose transports write later."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.connection import Connection
from aioric_emulator.outgoing import HOLD, MAX_HELD
from aioric_emulator.server import listen
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aioric_emulator.exchange import HttpExchange

uvloop = pytest.importorskip("uvloop")

# More than the buffers of both ends of a connection hold.
MUCH = os.urandom(64 * 1024) * 400


class Deferring:
    """An application that keeps its exchanges, and leaves the answers to the test."""

    def __init__(self) -> None:
        self.exchanges: list[HttpExchange] = []
        self.left: list[HttpExchange] = []

    def handle(self, exchange: HttpExchange) -> None:
        """Keep it."""
        self.exchanges.append(exchange)

    def disconnected(self, exchange: HttpExchange) -> bool:
        """Keep that, too."""
        self.left.append(exchange)
        return False


class Peers:
    """Both ends of a connection, in the middle of a request."""

    def __init__(
        self, application: Deferring, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.application, self.reader, self.writer = application, reader, writer

    @property
    def exchange(self) -> HttpExchange:
        """The request that waits for its answer."""
        return self.application.exchanges[-1]

    @property
    def connection(self) -> Connection:
        """The server's end."""
        assert isinstance(self.exchange.connection, Connection)
        return self.exchange.connection

    async def ask(self) -> None:
        """Send a request, and have it arrive."""
        count = len(self.application.exchanges)
        self.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await until(lambda: len(self.application.exchanges) > count)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[Peers], Awaitable[None]]], None]:
    """Give what runs a scenario between two ends of a connection, on either loop."""

    async def between(scenario: Callable[[Peers], Awaitable[None]]) -> None:
        application = Deferring()
        async with listen(application, "127.0.0.1", 0) as listener:
            reader, writer = await asyncio.open_connection(listener.host, listener.port)
            await scenario(peers := Peers(application, reader, writer))
            peers.writer.close()
            with suppress(ConnectionError):
                await peers.writer.wait_closed()

    def runs(scenario: Callable[[Peers], Awaitable[None]]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(between(scenario))

    return runs


def test_what_is_sent_now_has_left_before_the_loop_goes_on(run: Callable[..., None]) -> None:
    """The peer's socket has it while the sender's callback still runs."""

    async def scenario(peers: Peers) -> None:
        await peers.ask()
        own = peers.writer.get_extra_info("socket")
        peers.connection.send(peers.exchange, b"now", at_once=True)
        # Nothing else has run in between: no turn of the loop.
        assert os.read(own.fileno(), 100) == b"now"
        await peers.ask()

    run(scenario)


def test_what_there_is_no_room_for_follows_in_order(run: Callable[..., None]) -> None:
    """An answer of which the kernel takes a part is whole, and the next one stands behind it."""

    async def scenario(peers: Peers) -> None:
        await peers.ask()
        peers.connection.send(peers.exchange, MUCH, at_once=True)
        peers.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await peers.reader.readexactly(len(MUCH)) == MUCH
        await until(lambda: len(peers.application.exchanges) == 2)
        peers.connection.send(peers.exchange, b"end", at_once=True)
        assert await peers.reader.readexactly(3) == b"end"

    run(scenario)


def test_what_is_held_leaves_with_what_is_sent_and_before_it(run: Callable[..., None]) -> None:
    """In one piece; alone it leaves a little later, and at once when it is much."""

    async def scenario(peers: Peers) -> None:
        await peers.ask()
        peers.connection.hold(b"held ")
        peers.connection.send(peers.exchange, b"sent", at_once=True)
        assert await peers.reader.read(100) == b"held sent"
        peers.connection.hold(b"alone")
        started = asyncio.get_running_loop().time()
        assert await peers.reader.read(100) == b"alone"
        assert asyncio.get_running_loop().time() - started >= HOLD / 2
        peers.connection.hold(b"x" * (MAX_HELD + 1))
        assert await peers.reader.readexactly(MAX_HELD + 1) == b"x" * (MAX_HELD + 1)

    run(scenario)


def test_an_answer_for_a_peer_that_has_gone_goes_nowhere(run: Callable[..., None]) -> None:
    """One that has reset the connection, which is not known here yet: that shows, and the next is served."""

    async def scenario(peers: Peers) -> None:
        with socket.create_connection(peers.writer.get_extra_info("peername")) as peer:
            peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
            await until(lambda: peers.application.exchanges)
            connection, exchange = peers.connection, peers.exchange
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.send(exchange, b"x", at_once=True)
        connection.current = exchange
        connection.send(exchange, MUCH, at_once=True)
        await peers.ask()
        peers.connection.send(peers.exchange, b"next", at_once=True)
        assert await peers.reader.read(100) == b"next"

    run(scenario)


def test_what_was_broken_off_here_sends_no_more(run: Callable[..., None]) -> None:
    """An answer between the break and the end of the connection is not written."""

    async def scenario(peers: Peers) -> None:
        await peers.ask()
        connection, exchange = peers.connection, peers.exchange
        connection.abort()
        connection.send(exchange, b"late", at_once=True)
        assert await peers.reader.read() == b""

    run(scenario)
