"""Trouble as it is on the wire: where answers are cut, when they go on, and how connections end."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

import pytest

from aioric_emulator.answers import INTERNAL_ERROR
from aioric_emulator.disruptions import ClockJump, OmitHeaders, Refuse, Reset, Split, Stall
from aioric_emulator.exchange import render
from aioric_emulator.messages import Answer
from aioric_emulator.server import listen

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.disruptions import Delivery, Disruption
    from aioric_emulator.exchange import HttpExchange

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n01234567"
EVENT = Answer(200, (("Lambda-Runtime-Deadline-Ms", "5000"), ("Content-Type", "application/json")), b"{}")


class Disrupted:
    """An application whose every second answer goes well."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._is_well = True

    def handle(self, exchange: HttpExchange) -> None:
        self._is_well = not self._is_well
        answer = Answer(200, (), b"01234567")
        if self._is_well:
            exchange.reply(answer)
        else:
            self._delivery.send(exchange, answer)

    def disconnected(self, exchange: HttpExchange) -> bool:  # noqa: ARG002 - nothing is kept of it
        return False


class Peer(asyncio.Protocol):
    """Keeps the segments, when they came, and how it ended; a transport is told of each by itself."""

    def __init__(self, size: int) -> None:
        self.segments: list[bytes] = []
        self.times: list[float] = []
        self.end: Exception | None = None
        self._size = size
        self._transport: asyncio.Transport
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's class, and do the same.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(REQUEST + REQUEST)

    def data_received(self, data: bytes) -> None:
        self.segments.append(data)
        self.times.append(time.monotonic())
        if sum(map(len, self.segments)) == self._size:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.end = exc
        self.over.set()


async def received(delivery: Delivery, size: int = 2 * len(ANSWER)) -> Peer:
    """Ask twice on one connection, and wait for so many bytes or the end of it."""
    async with listen(Disrupted(delivery), "127.0.0.1", 0) as listener:
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_connection(lambda: Peer(size), listener.host, listener.port)
        await peer.over.wait()
    return peer


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [([5, 20], [5, 20, 67]), (20, [20, 20, 52]), ([1000], [46, 46])],
    ids=["of sizes", "of one size", "of more than there is"],
)
async def test_an_answer_in_pieces(sizes: int | list[int], expected: list[int]) -> None:
    """Each piece is a segment, and the next answer comes right behind the last."""
    peer = await received(Split(sizes, pause=0.02))
    assert [len(each) for each in peer.segments] == expected
    assert b"".join(peer.segments) == ANSWER + ANSWER


@pytest.mark.parametrize("after", [0, 30])
async def test_an_answer_stalls(after: int) -> None:
    """So many bytes, the pause, and the rest; what was asked behind it waits."""
    begun = time.monotonic()
    peer = await received(Stall(0.1, after))
    assert b"".join(peer.segments) == ANSWER + ANSWER
    resumed = peer.times[1 if after else 0]
    assert resumed - begun > 0.1
    assert len(peer.segments[0]) == after or not after


@pytest.mark.parametrize("after", [0, 30])
async def test_a_connection_is_reset(after: int) -> None:
    """So many bytes arrive, and then an error that is no end of the stream."""
    peer = await received(Reset(after))
    assert b"".join(peer.segments) == ANSWER[:after]
    assert isinstance(peer.end, ConnectionResetError)


async def test_a_refusal_is_an_answer() -> None:
    """The API's own words come in the answer's place, and the connection goes on behind them."""
    refusal = render(INTERNAL_ERROR, keep_alive=True)
    peer = await received(Refuse(500), len(refusal + ANSWER))
    assert b"".join(peer.segments) == refusal + ANSWER


def test_headers_are_left_out() -> None:
    """Names count in any case; those that are not there are no error."""
    changed = OmitHeaders("CONTENT-type", "X-Nothing").change(EVENT)
    assert [name for name, _ in changed.headers] == ["Lambda-Runtime-Deadline-Ms"]
    assert changed.body == EVENT.body


@pytest.mark.parametrize(("milliseconds", "expected"), [(6000, "-1000"), (-500, "5500")])
def test_a_deadline_moves(milliseconds: int, expected: str) -> None:
    """To a clock that is ahead it is nearer, or past."""
    assert dict(ClockJump(milliseconds).change(EVENT).headers)["Lambda-Runtime-Deadline-Ms"] == expected


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OmitHeaders("lambda-runtime-aws-request-id"), "cannot be answered"),
        (lambda: Split(0), "a piece has a byte at least"),
        (lambda: Split([]), "a piece has a byte at least"),
        (lambda: Stall(1.0, at="end"), "at='end': trouble is at 'next' or at 'response'"),  # type: ignore[arg-type] # it is wrong
        (lambda: Refuse(404), "at 'response' the Runtime API says 400, 403, 410, 413, 500"),
        (lambda: Refuse(413, at="next"), "at 'next' the Runtime API says 403, 500"),
    ],
    ids=["request id", "no byte", "no piece", "place", "status", "status of the other place"],
)
def test_what_cannot_be_is_said(make: Callable[[], Disruption], message: str) -> None:
    """A disruption that makes no sense is refused where it is written."""
    with pytest.raises(ValueError, match=message):
        make()
