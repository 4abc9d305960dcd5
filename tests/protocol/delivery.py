"""The three ways in which every reader case arrives: whole, byte by byte, with bytes to spare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioric.protocol.http11 import ResponseReader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aioric.protocol.heads import Response

WAYS = ("whole", "byte by byte", "with bytes to spare")

SPARE = b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nspare"


def read_all(pieces: Iterable[bytes]) -> list[Response]:
    """Everything that a reader makes of the pieces, in order."""
    reader = ResponseReader()
    responses = []
    for piece in pieces:
        reader.feed(piece)
        while (response := reader.read()) is not None:
            responses.append(response)
    return responses


def deliver(way: str, wire: bytes) -> list[Response]:
    """What a reader makes of `wire` when it arrives in this way; the spare response is checked."""
    if way == "whole":
        return read_all([wire])
    if way == "byte by byte":
        return read_all(wire[at : at + 1] for at in range(len(wire)))
    *responses, spare = read_all([wire + SPARE])
    assert (spare.status, spare.body) == (202, b"spare")
    return responses
