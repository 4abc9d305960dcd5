"""What a stream is on the wire, to the byte: sections 4.1 and 4.2 of the specification, for every driver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import aioric
from tests.drivers.peer import accepted, event, response_path
from tests.streaming.taking import DELIMITER, TRAILERS, serve, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.drivers.peer import Peer
    from tests.drivers.serving import Driver, Gate

VND = "application/vnd.awslambda.http-integration-response"


def greet(_event: Any, _context: Any) -> Iterator[bytes | str]:
    """Two pieces, one of each kind."""
    yield b"hello"
    yield " wörld"


def test_a_stream_is_exactly_these_bytes(driver: Driver, peer: Peer, gate: Gate) -> None:
    """The head has every line that AWS asks for, and each piece is a chunk of its own."""

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        yield b"hello"
        gate.pass_through()
        yield b" world"

    with driver.serving(peer, handler):
        line = serve(peer, "8476", headers={"Lambda-Runtime-Invocation-Id": "0f7c"})
        first = line.segment()
        assert first == (
            b"POST /2018-06-01/runtime/invocation/8476/response HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\n"
            b"User-Agent: test\r\n"
            b"Content-Type: application/octet-stream\r\n"
            b"Lambda-Runtime-Invocation-Id: 0f7c\r\n"
            b"Lambda-Runtime-Function-Response-Mode: streaming\r\n"
            b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n"
            b"Transfer-Encoding: chunked\r\n"
            b"Connection: close\r\n"
            b"\r\n"
            b"5\r\nhello\r\n" % peer.port
        )
        gate.open()
        rest = b""
        while not rest.endswith(b"0\r\n\r\n"):
            rest += line.segment()
        assert rest == b"6\r\n world\r\n0\r\n\r\n"
        line.send(accepted(close=True))
        peer.accept().expect_poll()


def test_no_invocation_id_is_invented(driver: Driver, peer: Peer) -> None:
    """An event without an attempt's id gets an answer without one."""
    with driver.serving(peer, greet):
        assert "lambda-runtime-invocation-id" not in take(serve(peer)).headers


def test_text_is_utf_8(driver: Driver, peer: Peer) -> None:
    """A `str` piece travels as UTF-8, and there are no trailers after success."""
    with driver.serving(peer, greet):
        taken = take(serve(peer))

    assert taken.body.decode() == "hello wörld"
    assert taken.trailers == {}


def test_the_next_poll_is_on_another_connection(driver: Driver, peer: Peer) -> None:
    """A stream closes its connection, as the documentation asks, even where the platform would keep it."""
    with driver.serving(peer, greet):
        for number in range(3):
            line = serve(peer, f"id-{number}")
            while not line.segment().endswith(b"0\r\n\r\n"):
                continue
            line.send(accepted())
            assert line.request().path == response_path(f"id-{number}")
        peer.accept().expect_poll()


def test_work_after_the_last_piece_runs_before_the_poll(driver: Driver, peer: Peer, gate: Gate) -> None:
    """The platform hears nothing of the runtime while the generator is still at work."""

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        yield b"all"
        gate.pass_through()

    with driver.serving(peer, handler):
        line = serve(peer)
        assert line.segment().endswith(b"3\r\nall\r\n")
        gate.await_arrival()
        assert peer.deserted()
        gate.open()
        assert line.segment() == b"0\r\n\r\n"
        line.send(accepted(close=True))
        peer.accept().expect_poll()


def test_an_early_failure_is_an_ordinary_error(driver: Driver, peer: Peer) -> None:
    """What fails before its first piece goes to /error, on the connection that the poll came on."""
    event_is_known = False

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        if not event_is_known:
            raise LookupError("no such order")
        yield b""

    with driver.serving(peer, handler):
        line = serve(peer)
        report = json.loads(line.expect_error("id-1").body)
        line.send(accepted())
        line.expect_poll()

    assert (report["errorType"], report["errorMessage"]) == ("LookupError", "no such order")


def test_a_late_failure_is_told_in_trailers(driver: Driver, peer: Peer) -> None:
    """What fails after its first piece ends in trailers with the same object that /error would have had."""

    def handler(invocation: Any, _context: Any) -> Iterator[bytes]:
        if invocation["early"]:
            raise ValueError("bad ü")
        yield b"so far"
        raise ValueError("bad ü")

    with driver.serving(peer, handler):
        taken = take(serve(peer, payload=b'{"early": false}'))
        line = serve(peer, payload=b'{"early": true}')
        report = json.loads(line.expect_error("id-1").body)
        line.send(accepted())

    assert taken.body == b"so far"
    assert list(taken.trailers) == list(TRAILERS)
    assert taken.trailers[TRAILERS[0]] == "ValueError"
    assert taken.error.keys() == report.keys()
    assert {**taken.error, "stackTrace": []} == {**report, "stackTrace": []}
    assert "in handler" in taken.error["stackTrace"][-1]


@pytest.mark.parametrize(
    "message", ["x" * 10_000, "ü" * 5_000, "\n" * 5_000], ids=["ascii", "utf-8", "escapes"]
)
def test_trailers_fit_the_platforms_reader(driver: Driver, peer: Peer, message: str) -> None:
    """Servers in Go refuse trailers beyond 4096 bytes, and with them the stream; so details are cut."""

    def fail(depth: int) -> None:
        if depth:
            fail(depth - 1)
        else:
            raise ValueError(message)

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        yield b"so far"
        fail(30)

    with driver.serving(peer, handler):
        taken = take(serve(peer))

    assert len(taken.wire[taken.wire.index(b"\r\n0\r\n") + 5 :]) <= 4096
    assert taken.error["errorType"] == "ValueError"
    assert message.startswith(taken.error["errorMessage"])
    assert taken.error["errorMessage"]


def test_a_deep_stack_loses_its_middle(driver: Driver, peer: Peer) -> None:
    """With a short message it is the stack that is cut, and both ends of it stay."""

    def bottom() -> None:
        raise ValueError("short")

    source = "".join(f"def f{n}(): f{n + 1}()\n" for n in range(200)) + "def f200(): bottom()\n"
    space: dict[str, Any] = {"bottom": bottom}
    exec(compile(source, "app.py", "exec"), space)  # noqa: S102 - two hundred functions, each with a frame of its own

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        yield b"so far"
        space["f0"]()

    with driver.serving(peer, handler):
        error = take(serve(peer)).error

    assert error["errorMessage"] == "short"
    assert "in handler" in "".join(error["stackTrace"][:2])
    assert "in bottom" in error["stackTrace"][-1]
    assert len(error["stackTrace"]) < 200


def test_the_prelude_shares_a_chunk_with_the_first_piece(driver: Driver, peer: Peer) -> None:
    """Status, headers and cookies, eight NULs and the first bytes come together, under AWS's type."""

    def handler(_event: Any, _context: Any) -> aioric.StreamingResponse:
        headers: dict[str, Any] = {"x-one": "1", "x-two": ["a", "b"]}
        return aioric.StreamingResponse(iter(["first", "second"]), 404, headers, ["a=1", "b=2"], "text/plain")

    with driver.serving(peer, handler):
        taken = take(serve(peer))

    assert taken.headers["content-type"] == VND
    metadata, delimiter, body = taken.chunks[0].partition(DELIMITER)
    assert delimiter
    assert body.startswith(b"first")
    assert taken.body.endswith(b"second")
    assert json.loads(metadata) == {
        "statusCode": 404,
        "headers": {"x-one": "1", "content-type": "text/plain; charset=utf-8"},
        "multiValueHeaders": {"x-two": ["a", "b"]},
        "cookies": ["a=1", "b=2"],
    }


@pytest.mark.parametrize("nothing", [(), (b"",), ("", b"")], ids=["no piece", "an empty one", "two of them"])
def test_an_empty_stream_is_whole(driver: Driver, peer: Peer, nothing: tuple[bytes | str, ...]) -> None:
    """A generator that ends without a byte answers with none: an empty piece is not the end."""

    def handler(_event: Any, _context: Any) -> Iterator[bytes | str]:
        yield from nothing

    with driver.serving(peer, handler):
        assert take(serve(peer)).chunks == []


def test_a_prelude_of_an_empty_body_has_its_delimiter(driver: Driver, peer: Peer) -> None:
    """Eight NULs end the prelude even where nothing follows."""
    with driver.serving(peer, lambda *_: aioric.StreamingResponse([], 204)):
        taken = take(serve(peer))

    assert taken.body.endswith(DELIMITER)


@pytest.mark.parametrize("size", [1, 16 * 1024, 16 * 1024 + 1, 300_000])
def test_pieces_of_any_size_are_whole(driver: Driver, peer: Peer, size: int) -> None:
    """Small pieces are joined with their framing and large ones are not, and nobody can tell."""

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        yield b"a" * size
        yield b"b" * size

    with driver.serving(peer, handler):
        assert take(serve(peer)).body == b"a" * size + b"b" * size


def test_what_a_plain_def_returns_is_as_ever(driver: Driver, peer: Peer) -> None:
    """Lists, strings, bytes and objects are answered whole, with a length."""
    results = [[1, 2], "text", {"a": 1}, None, 5, b"raw", (1, 2)]

    with driver.serving(peer, lambda event, _: results[event]):
        line = peer.accept()
        for number in range(len(results)):
            line.expect_poll()
            line.send(event("id-1", str(number).encode()))
            request = line.expect_response("id-1")
            assert "transfer-encoding" not in request.headers
            line.send(accepted())
