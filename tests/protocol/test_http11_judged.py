"""The response reader against two independent parsers, on generated responses and on damaged ones."""

from __future__ import annotations

import random
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import h11
import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aioric.errors import MalformedResponse
from tests.protocol.delivery import read_all
from tests.protocol.judges import Verdict, h11_responses, httptools_responses

if TYPE_CHECKING:
    from aioric.protocol.heads import Response

TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_.!#$%&'*+^`|~", min_size=1, max_size=12)
WORD = st.text([chr(code) for code in range(33, 127)], max_size=10)
VALUE = st.lists(WORD, max_size=3).map(lambda words: " \t".join(words).strip(" \t"))


@st.composite
def header_lines(draw: st.DrawFn, *, prefix: str) -> bytes:
    """Headers that have no meaning for the framing."""
    lines = draw(st.lists(st.tuples(TOKEN, st.sampled_from(["", " ", "\t", "  "]), VALUE), max_size=4))
    return "".join(f"{prefix}{name}:{space}{value}\r\n" for name, space, value in lines).encode()


@st.composite
def spelled(draw: st.DrawFn, text: str) -> bytes:
    """The text in a random mixture of cases."""
    upper = draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    return "".join(c.upper() if up else c.lower() for c, up in zip(text, upper, strict=True)).encode()


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    """The body in chunks, with extensions and trailers."""
    cuts = sorted(draw(st.sets(st.integers(0, len(body)), max_size=4)) | {0, len(body)})
    wire = b""
    for start, end in pairwise(cuts):
        size = draw(st.sampled_from([b"%x", b"%X", b"0%x"])) % (end - start)
        extension = draw(st.sampled_from([b"", b";a", b";a=b", b';a="b c";d']))
        wire += size + extension + b"\r\n" + body[start:end] + b"\r\n"
    return wire + b"0\r\n" + draw(header_lines(prefix="T-")) + b"\r\n"


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """One valid response, as some server might write it."""
    status = draw(st.sampled_from([200, 202, 204, 304, 400, 403, 410, 413, 500, 503]))
    head = b"HTTP/1.1 %d %b\r\n" % (status, draw(WORD).encode())
    head += draw(header_lines(prefix="X-"))
    if status in (204, 304):
        return head + b"\r\n"
    body = draw(st.binary(max_size=40) | st.just(b"\r\n\r\nHTTP/1.1 200 OK\r\n"))
    if draw(st.booleans()):
        head += draw(spelled("content-length")) + b": %d\r\n" % len(body)
        return head + draw(header_lines(prefix="Y-")) + b"\r\n" + body
    head += draw(spelled("transfer-encoding")) + b": chunked\r\n"
    return head + draw(header_lines(prefix="Y-")) + b"\r\n" + draw(chunked(body))


def split(wire: bytes, seed: int) -> list[bytes]:
    """The bytes in pieces of random sizes, many of them tiny."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    pieces, at = [], 0
    while at < len(wire):
        size = chance.choice((1, 1, 2, 3, 10, 100, 1000))
        pieces.append(wire[at : at + size])
        at += size
    return pieces


def as_verdict(response: Response) -> Verdict:
    """What we have read, in the judges' terms."""
    headers = {
        name.encode("utf-8", "surrogateescape"): value.encode("utf-8", "surrogateescape")
        for name, value in response.headers.items()
    }
    return Verdict((response.status,), headers, response.body)


@given(st.lists(responses(), min_size=1, max_size=4), st.integers())
def test_valid_responses_are_read_as_the_judges_read_them(wires: list[bytes], seed: int) -> None:
    """Random valid responses, pipelined and split at random, mean to us what they mean to both judges."""
    pieces = split(b"".join(wires), seed)
    ours = [as_verdict(response) for response in read_all(pieces)]
    assert len(ours) == len(wires)
    assert ours == h11_responses(pieces)
    assert ours == httptools_responses(pieces)


@given(responses(), st.integers())
def test_how_bytes_are_split_changes_nothing(wire: bytes, seed: int) -> None:
    """One response split at random is the same as whole."""
    (whole,) = read_all([wire])
    (pieced,) = read_all(split(wire, seed))
    assert as_verdict(whole) == as_verdict(pieced)


DAMAGE = (b"", b"\r", b"\n", b"\0", b" ", b":", b"0", b"9", b"\t", b"\x80", b"close")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid response with a few bytes replaced, removed or added."""
    wire = bytearray(draw(responses()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(wire) - 1))
        wire[at : at + draw(st.integers(0, 2))] = draw(st.sampled_from(DAMAGE))
        if not wire:
            wire += b"\r"
    return bytes(wire)


@settings(max_examples=300)
@given(damaged(), st.integers())
def test_what_we_accept_of_a_damaged_response_is_what_a_judge_accepts(wire: bytes, seed: int) -> None:
    """A damaged response is refused by one of us, or means the same to both: never two bodies."""
    try:
        ours = [as_verdict(response) for response in read_all(split(wire, seed))]
        theirs = h11_responses([wire])
    except (MalformedResponse, h11.RemoteProtocolError):
        return
    common = min(len(ours), len(theirs))
    assert ours[:common] == theirs[:common]


@given(st.binary(max_size=200) | damaged(), st.integers())
def test_random_bytes_raise_nothing_but_our_errors(wire: bytes, seed: int) -> None:
    """Whatever a peer sends is read, waited for, or refused as malformed."""
    with suppress(MalformedResponse):
        read_all(split(wire, seed))


def test_the_judges_are_strict() -> None:
    """Both judges refuse what contradicts itself, so that their agreement means something."""
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    with pytest.raises(h11.RemoteProtocolError):
        h11_responses([wire])
    with pytest.raises(httptools.HttpParserError):
        httptools_responses([wire])
