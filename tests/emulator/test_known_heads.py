"""Heads that were seen before: what is made of them is what the parser makes of them, in whatever pieces."""

from __future__ import annotations

import asyncio
import socket
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from aioric_emulator.connection import Connection
from tests.emulator.test_connection import Echo

POLL = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"
ONE, TWO, THREE = (f"0a1b2c3d-0000-4000-8000-00000000000{digit}" for digit in "123")


class Fields(Echo):
    """An application that keeps fields: for it the parser reads every head."""

    keeps_fields = True


def post(target: str = ONE, attempt: str = TWO, body: bytes = b"12", *extra: str) -> bytes:
    """Give an answer as a runtime posts it."""
    head = [f"POST /{target}/response HTTP/1.1", "Host: a", f"Attempt: {attempt}", *extra]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


async def received(application: Echo, pieces: list[bytes]) -> list[Any]:
    """Give what a connection makes of bytes that arrive in these pieces."""
    ours, peer = socket.socketpair()
    connection = Connection(application, lambda _connection: None)
    await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, ours)
    for piece in pieces:
        connection.data_received(piece)
    connection.abort()
    peer.close()
    await asyncio.sleep(0)
    return [
        (each.method, each.target, each.headers, each.body, each.size, each.keep_alive, each.is_truncated)
        for each in application.exchanges
    ]


REQUESTS = [
    POLL,
    post(),
    post(TWO, ONE),
    post(TWO, ONE) + POLL,
    post(THREE, THREE, b"123") + POLL,
    post(ONE, ONE.upper(), b""),
    post("next", "none") + post(),
    post(ONE, TWO, POLL),
    post(ONE, TWO, POLL) + POLL,
    post(ONE, TWO, b"1", f"Twice: {TWO}"),
    post(ONE, f"{TWO};{THREE}"),
    post(ONE, TWO, b"1", "Connection: keep-alive"),
    post(ONE, TWO, b"1", "Expect: 100-continue"),
    POLL.replace(b"GET", b"DELETE"),
    b"\r\n" + POLL,
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
]
LAST = [b"", POLL.replace(b"1.1", b"1.0"), POLL.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"\0"]


@settings(max_examples=150, deadline=None)
@given(
    strategies.lists(strategies.sampled_from(REQUESTS), max_size=12),
    strategies.sampled_from(LAST),
    strategies.lists(strategies.integers(0, 1500), max_size=6),
)
def test_they_mean_what_the_parser_says(requests: list[bytes], last: bytes, cuts: list[int]) -> None:
    """The same requests, in one piece each and cut anywhere, with and without known heads."""
    pieces = [*requests, last]
    data = b"".join(pieces)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    cut = [data[start:end] for start, end in pairwise(edges)]

    async def compare() -> None:
        expected = await received(Fields(), pieces)
        assert await received(Echo(), pieces) == expected
        assert await received(Echo(), cut) == expected

    asyncio.run(compare())


@pytest.mark.parametrize("count", [1, 50])
async def test_other_identifiers_are_told_apart(count: int) -> None:
    """The head is known, and what differs in it is read anew."""
    names = [f"0a1b2c3d-0000-4000-8000-{number:012x}" for number in range(2 * count)]
    made = await received(Echo(), [post(names[index], names[index + 1]) for index in range(0, 2 * count, 2)])
    assert [(each[1], each[2]["attempt"]) for each in made] == [
        (f"/{target}/response", attempt) for target, attempt in zip(names[::2], names[1::2], strict=True)
    ]
