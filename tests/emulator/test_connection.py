"""HTTP/1.1 on the wire: real sockets, whole and in pieces, good and bad, judged by an independent parser."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import h11
import httpx
import pytest
from hypothesis import given, settings, strategies

from aioric_emulator.connection import MAX_AHEAD, MAX_HEAD
from aioric_emulator.incoming import MAX_KEPT
from aioric_emulator.messages import Answer
from aioric_emulator.server import listen
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.server import Listener

CRLF = b"\r\n"


class Echo:
    """An application that answers with what it got, except where the path says otherwise."""

    def __init__(self) -> None:
        self.exchanges: list[HttpExchange] = []
        self.left: list[HttpExchange] = []
        self.answers_the_deaf = False

    def handle(self, exchange: HttpExchange) -> None:
        self.exchanges.append(exchange)
        if exchange.target == "/wait":
            return
        if exchange.target == "/fault":
            raise ZeroDivisionError
        if exchange.target == "/large":
            exchange.reply(Answer(200, (), b"x" * 1_000_000))
            return
        exchange.reply(Answer(200, (("X-Target", exchange.target),), exchange.body))

    def disconnected(self, exchange: HttpExchange) -> bool:
        self.left.append(exchange)
        return self.answers_the_deaf


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Echo, Listener]]:
    """Serve the echo on a free port."""
    echo = Echo()
    async with listen(echo, "127.0.0.1", 0) as listener:
        yield echo, listener


@asynccontextmanager
async def connected(listener: Listener) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection, and close it in the end."""
    reader, writer = await asyncio.open_connection(listener.host, listener.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def converse(listener: Listener, *pieces: bytes, ends: bool = False) -> list[tuple[int, bytes]]:
    """Send pieces, and read answers until the server closes, or until there is one for each request."""
    async with connected(listener) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if ends:
            writer.write_eof()
        return read_all(await reader.read())


def read_all(data: bytes) -> list[tuple[int, bytes]]:
    """Parse answers with h11."""
    answers = []
    while data:
        client = h11.Connection(h11.CLIENT)
        client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        client.receive_data(data)
        body = b""
        status = 0
        while not isinstance(event := client.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                assert isinstance(event, h11.Response), event
                status = event.status_code
        answers.append((status, body))
        data = client.trailing_data[0]
    return answers


POST = b"POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Some: One\r\nX-some:  two \r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
    b"3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\nX-End: yes\r\nX-Second: no\r\n\r\n"
)
CLOSE = b"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
WAIT = b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"


def pieces_of(data: bytes, how: str) -> list[bytes]:
    """Cut data into pieces."""
    if how == "whole":
        return [data]
    if how == "bytes":
        return [data[index : index + 1] for index in range(len(data))]
    middle = len(data) // 2
    return [data[:middle], data[middle:]]


@pytest.mark.parametrize("how", ["whole", "halves", "bytes"])
async def test_requests_are_answered_in_order(how: str) -> None:
    """Three requests sent ahead, however they are cut, have three answers in their order."""
    async with serving() as (echo, listener):
        answers = await converse(listener, *pieces_of(POST + CHUNKED + CLOSE, how))
    assert answers == [(200, b"hello"), (200, b"hello"), (200, b"")]
    first, second, third = echo.exchanges
    assert (first.method, first.target, first.size) == ("POST", "/a?b=c", 5)
    assert first.headers["x-some"] == "One, two"
    assert first.keep_alive
    assert second.trailers == {"x-end": "yes", "x-second": "no"}
    assert "x-end" not in second.headers
    assert (third.method, third.keep_alive, third.body) == ("GET", False, b"")


async def test_an_answer_is_sent_before_the_next_request_is_waited_on() -> None:
    """A runtime posts its answer and polls again in one write, and has the first answered at once."""
    async with serving() as (echo, listener), connected(listener) as (reader, writer):
        writer.write(POST + WAIT)
        answer = await reader.readuntil(b"hello")
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        await until(lambda: len(echo.exchanges) == 2)
        echo.exchanges[1].reply(Answer(200, (), b"event"))
        assert (await reader.readuntil(b"event")).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_request_behind_one_that_waits_is_not_looked_at() -> None:
    """Order is kept: what was sent later is handled later."""
    async with serving() as (echo, listener), connected(listener) as (reader, writer):
        writer.write(WAIT + POST)
        await until(lambda: len(echo.exchanges) == 1)
        echo.exchanges[0].reply(Answer(204))
        answer = await reader.readuntil(b"hello")
        assert answer.startswith(b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n")


async def test_a_peer_far_ahead_is_held_back() -> None:
    """However many requests are sent ahead, all are answered."""
    count = MAX_AHEAD * 20
    async with serving() as (echo, listener), connected(listener) as (reader, writer):
        writer.write(WAIT + POST * MAX_AHEAD * 2)
        await until(lambda: len(echo.exchanges) == 1)
        writer.write(POST * (count - MAX_AHEAD * 2 - 1) + CLOSE)
        echo.exchanges[0].reply(Answer(200))
        answers = read_all(await reader.read())
    assert len(answers) == count + 1


async def test_a_peer_that_does_not_read_is_not_served() -> None:
    """Answers pile up only so far; the rest is served when the peer reads."""
    request = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving() as (echo, listener), connected(listener) as (reader, writer):
        writer.write(request * 30 + CLOSE)
        await until(lambda: len(echo.exchanges) > 1)
        held_back = len(echo.exchanges)
        answers = read_all(await reader.read())
    assert held_back < 30
    assert len(answers) == 31


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["words", "version", "header", "length", "both framings", "TLS"],
)
async def test_garbage_is_a_bad_request(request_bytes: bytes) -> None:
    """After the answers to what was good; and the connection is closed."""
    async with serving() as (echo, listener):
        answers = await converse(listener, POST + request_bytes)
    assert answers == [(200, b"hello"), (400, b"400 Bad Request")]
    assert len(echo.exchanges) == 1


async def test_what_follows_garbage_is_not_read() -> None:
    """Nobody knows where a request would begin."""
    async with serving() as (echo, listener), connected(listener) as (reader, writer):
        writer.write(WAIT + b"nonsense\r\n\r\n")
        await until(lambda: echo.exchanges)
        writer.write(POST)
        await writer.drain()
        echo.exchanges[0].reply(Answer(200))
        assert [status for status, _ in read_all(await reader.read())] == [200, 400]


async def test_a_head_has_a_limit() -> None:
    """431, before it is complete."""
    endless = b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD
    async with serving() as (_, listener):
        answers = await converse(listener, endless)
    assert answers == [(431, b"431 Request Header Fields Too Large")]


async def test_of_a_large_body_the_size_is_kept() -> None:
    """All of it is read, so that the answer can say how large it was; no more than needed is held."""
    size = MAX_KEPT + 1000
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size
    async with serving() as (echo, listener):
        answers = await converse(listener, head, b"x" * size)
    assert echo.exchanges[0].size == size
    assert len(echo.exchanges[0].body) == MAX_KEPT
    assert answers[0][0] == 200


@pytest.mark.parametrize("ends", [True, False], ids=["end of input", "reset"])
async def test_a_body_that_breaks_off_is_truncated(ends: bool) -> None:  # noqa: FBT001 - the case
    """The application is told, and may answer a peer that still listens."""
    half = b"POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel"
    async with serving() as (echo, listener):
        if ends:
            assert await converse(listener, half, ends=True) == [(200, b"hel")]
        else:
            async with connected(listener) as (_, writer):
                writer.write(half)
                await writer.drain()
                await asyncio.sleep(0.05)
                writer.transport.abort()
            await until(lambda: echo.exchanges)
    assert echo.exchanges[0].is_truncated
    assert echo.exchanges[0].body == b"hel"


async def test_a_body_that_makes_no_sense_is_truncated() -> None:
    """The application is told what came before, and the connection is closed."""
    chunks = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n"
    async with serving() as (echo, listener):
        assert await converse(listener, chunks + POST) == [(200, b"a")]
    assert [exchange.is_truncated for exchange in echo.exchanges] == [True]


async def test_a_head_that_breaks_off_is_nothing() -> None:
    """There is no request to answer."""
    async with serving() as (echo, listener):
        assert await converse(listener, b"GET / HTTP/1.1\r\nHos", ends=True) == []
    assert echo.exchanges == []


async def test_a_peer_that_leaves_while_it_waits_is_noticed() -> None:
    """The application is told; its answer goes nowhere."""
    async with serving() as (echo, listener):
        async with connected(listener) as (_, writer):
            writer.write(WAIT)
            await until(lambda: echo.exchanges)
        await until(lambda: echo.left)
        echo.exchanges[0].reply(Answer(200))
    assert echo.left == echo.exchanges


async def test_a_peer_that_only_stopped_sending_may_be_answered() -> None:
    """Where the application wants it so."""
    async with serving() as (echo, listener), connected(listener) as (reader, writer):
        echo.answers_the_deaf = True
        writer.write(WAIT)
        writer.write_eof()
        await until(lambda: echo.left)
        echo.exchanges[0].reply(Answer(200, (), b"late"))
        assert read_all(await reader.read()) == [(200, b"late")]


async def test_a_fault_is_not_shown() -> None:
    """The peer sees a 500; the event loop's handler sees the exception."""
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
    async with serving() as (_, listener):
        answers = await converse(listener, b"GET /fault HTTP/1.1\r\nHost: x\r\n\r\n" + CLOSE)
    assert answers[0] == (
        500,
        b'{"errorMessage":"Internal Server Error","errorType":"InternalServerError"}\n',
    )
    assert answers[1] == (200, b"")
    assert isinstance(faults[0], ZeroDivisionError)


async def test_a_body_is_waited_for_when_asked() -> None:
    """A client that asks before it sends is told to go on."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n"
    head += b"Expect: 100-continue\r\n\r\n"
    async with serving() as (_, listener), connected(listener) as (reader, writer):
        writer.write(head)
        assert await reader.readexactly(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello")
        assert read_all(await reader.read()) == [(200, b"hello")]


async def test_an_upgrade_is_declined_by_going_on() -> None:
    """The request is answered in HTTP/1.1, and so are those that follow."""
    upgrade = b"GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    async with serving() as (echo, listener):
        answers = await converse(listener, upgrade + POST, upgrade, CLOSE)
    assert [status for status, _ in answers] == [200] * 4
    assert [exchange.target for exchange in echo.exchanges] == ["/up", "/a?b=c", "/up", "/c"]


async def test_http_1_0_is_closed_after_its_answer() -> None:
    """Nothing is kept alive for it."""
    async with serving() as (_, listener):
        answers = await converse(listener, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert answers == [(200, b"")]


async def test_another_client_is_served() -> None:
    """httpx, with keep-alive and a streamed body."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"abc"

    async with serving() as (_, listener), httpx.AsyncClient(base_url=f"http://{listener.address}") as client:
        plain = await client.post("/x", content=b"1")
        streamed = await client.post("/y", content=body())
    assert (plain.content, plain.headers["x-target"]) == (b"1", "/x")
    assert streamed.content == b"abc" * 3


@settings(max_examples=40, deadline=None)
@given(
    data=strategies.lists(
        strategies.one_of(
            strategies.binary(max_size=40), strategies.sampled_from([POST, CHUNKED, WAIT, CLOSE])
        ),
        max_size=6,
    )
)
def test_no_bytes_break_the_server(data: list[bytes]) -> None:
    """Whatever is sent: every answer is HTTP, and the next peer is served."""

    async def check() -> None:
        async with serving() as (_, listener):
            # A peer that goes on sending to a connection that was closed may find it reset.
            with suppress(OSError):
                for status, _ in await converse(listener, *data, ends=True):
                    assert status in {200, 400}
            assert await converse(listener, CLOSE) == [(200, b"")]

    asyncio.run(check())
