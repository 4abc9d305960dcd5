"""A streamed answer as bytes, as an independent server parses it."""

from __future__ import annotations

import base64

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioric.messages import Failed, Invocation, Streamed
from aioric.protocol.chunks import JOIN_UP_TO, LAST, ChunkedAnswer, chunk
from aioric.protocol.runtime_api import RuntimeApi
from tests.protocol.judges import httptools_requests

API = RuntimeApi("127.0.0.1:9001", "test")
LARGE = bytes(JOIN_UP_TO + 1)


def an_answer(prelude: bytes = b"", content_type: str = "text/plain") -> ChunkedAnswer:
    """A stream that has not begun."""
    return ChunkedAnswer(API.stream(Invocation("id-1", b""), Streamed(content_type, prelude, None)), prelude)


def judged(wire: bytes) -> tuple[h11.Request, list[bytes], dict[bytes, bytes]]:
    """The one request in `wire` as h11's server side reads it: head, chunks, trailers."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(wire)
    request = connection.next_event()
    assert isinstance(request, h11.Request)
    chunks: list[bytes] = []
    piece = b""
    while isinstance(event := connection.next_event(), h11.Data):
        piece += event.data
        if event.chunk_end:
            chunks.append(piece)
            piece = b""
    assert isinstance(event, h11.EndOfMessage)
    assert connection.trailing_data == (b"", False)
    (other,) = httptools_requests(wire)
    assert other.body == b"".join(chunks)
    return request, chunks, dict(event.headers)


def test_a_stream_is_announced_as_the_documentation_asks() -> None:
    """A stream names its mode and its trailers, is chunked, and is the last on its connection."""
    answer = an_answer()
    request, chunks, trailers = judged(b"".join(answer.piece(b"one") + answer.end()))
    headers = dict(request.headers)
    assert (request.method, request.target) == (b"POST", b"/2018-06-01/runtime/invocation/id-1/response")
    assert headers[b"lambda-runtime-function-response-mode"] == b"streaming"
    assert headers[b"transfer-encoding"] == b"chunked"
    assert headers[b"content-type"] == b"text/plain"
    assert headers[b"connection"] == b"close"
    assert {name.strip().lower() for name in headers[b"trailer"].split(b",")} == {
        b"lambda-runtime-function-error-type",
        b"lambda-runtime-function-error-body",
    }
    assert (chunks, trailers) == ([b"one"], {})


@pytest.mark.parametrize("first", [b"", b"x", LARGE], ids=["nothing", "small", "large"])
@pytest.mark.parametrize("prelude", [b"", b"{}" + bytes(8)], ids=["", "prelude"])
def test_the_prelude_shares_a_chunk_with_the_first_piece(prelude: bytes, first: bytes) -> None:
    """What goes before the first piece arrives in one chunk with it, whatever its size."""
    answer = an_answer(prelude)
    begun = [answer.begun]
    wire = answer.piece(first)
    assert [*begun, answer.begun] == [False, True]
    _, chunks, _ = judged(b"".join([*wire, *answer.end()]))
    assert chunks == [prelude + first] * bool(prelude + first)


def test_a_large_piece_is_not_copied() -> None:
    """A large piece is the function's own bytes, first or not."""
    answer = an_answer()
    assert answer.piece(LARGE)[1] is LARGE
    assert answer.piece(LARGE)[1] is LARGE


def test_an_empty_piece_is_nothing() -> None:
    """An empty piece must not look like the end."""
    answer = an_answer()
    begun = answer.piece(b"one")
    assert answer.piece(b"") == []
    assert chunk(b"") == []
    ended = [answer.ended]
    assert answer.end() == [LAST]
    assert [*ended, answer.ended] == [False, True]
    judged(b"".join([*begun, LAST]))


def test_a_stream_may_be_empty() -> None:
    """A stream that ends before its first piece is a head and an end."""
    _, chunks, trailers = judged(b"".join(an_answer().end()))
    assert (chunks, trailers) == ([], {})


@pytest.mark.parametrize(
    ("error_type", "named"),
    [
        ("ValueError", b"ValueError"),
        ("a\r\n\r\nGET /evil", b"a????GET /evil"),
        ("", b"Runtime.Unknown"),
        (" ", b"Runtime.Unknown"),
        ("x" * 1000, b"x" * 256),
    ],
    ids=["usual", "hostile", "empty", "blank", "long"],
)
def test_a_failure_ends_in_trailers(error_type: str, named: bytes) -> None:
    """A stream that fails ends in two trailers: the kind, and the error object in standard base64."""
    body = b'{"errorMessage": "\xff\xfe>>>???"}'
    answer = an_answer()
    wire = b"".join([*answer.piece(b"one"), *answer.end(Failed(body, error_type))])
    _, chunks, trailers = judged(wire)
    assert chunks == [b"one"]
    assert trailers[b"lambda-runtime-function-error-type"] == named
    assert base64.b64decode(trailers[b"lambda-runtime-function-error-body"], validate=True) == body
    assert len(trailers) == 2


@given(st.lists(st.binary(max_size=50) | st.just(LARGE), max_size=6), st.binary(max_size=20), st.booleans())
def test_any_pieces_arrive_as_they_are(pieces: list[bytes], prelude: bytes, failing: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever is streamed arrives byte for byte, each piece in a chunk of its own."""
    answer = an_answer(prelude)
    wire = [part for piece in pieces for part in answer.piece(piece)]
    wire += answer.end(Failed(b"{}", "E") if failing else None)
    _, chunks, trailers = judged(b"".join(wire))
    first, *rest = pieces or [b""]
    assert chunks == [piece for piece in (prelude + first, *rest) if piece]
    assert bool(trailers) is failing
