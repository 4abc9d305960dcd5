"""The ways to write a stream: what a handler may be, return, yield, write and give away."""

from __future__ import annotations

import asyncio
import contextvars
import io
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import aioric
from tests.drivers.peer import PATIENCE, accepted, event
from tests.streaming.taking import DELIMITER, deadline_in, serve, take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.drivers.peer import Peer
    from tests.drivers.serving import Driver


class Counted:
    """An iterator that is no generator, and knows whether it was closed."""

    def __init__(self) -> None:
        self.left = [b"c", "b", bytearray(b"a")]
        self.closed = False

    def __iter__(self) -> Counted:
        return self

    def __next__(self) -> Any:
        if not self.left:
            raise StopIteration
        return self.left.pop()

    def close(self) -> None:
        """Be closed."""
        self.closed = True


class AsyncFile:
    """A file-like object whose methods are awaited."""

    def __init__(self) -> None:
        self.blocks = [b"", b"second", b"first"]
        self.closed = False

    def __aiter__(self) -> AsyncFile:
        return self

    async def __anext__(self) -> bytes:
        raise StopAsyncIteration

    async def read(self, _size: int) -> bytes:
        """Give the next block."""
        return self.blocks.pop()

    async def close(self) -> None:
        """Be closed."""
        self.closed = True


async def ticks() -> AsyncIterator[str]:
    """Two pieces with a pause between them."""
    yield "tick"
    await asyncio.sleep(0.001)
    yield "tock"


CONTENTS = {
    "iterator": (Counted, b"abc"),
    "file": (lambda: io.BytesIO(b"a" * 100_000), b"a" * 100_000),
    "text file": (lambda: io.StringIO("wörld"), "wörld".encode()),
    "map": (lambda: map(str, range(3)), b"012"),
    "asynchronous iterator": (ticks, b"ticktock"),
    "asynchronous file": (AsyncFile, b"firstsecond"),
}


@pytest.mark.parametrize("content", CONTENTS)
def test_a_handler_may_return_it(driver: Driver, peer: Peer, content: str) -> None:
    """Iterators and file-like objects of both kinds are streamed, by every driver, and closed."""
    make, body = CONTENTS[content]
    made: list[Any] = []

    def handler(_event: Any, _context: Any) -> Any:
        made.append(make())
        return made[-1]

    with driver.serving(peer, handler):
        assert take(serve(peer)).body == body
        peer.accept().expect_poll()

    assert getattr(made[0], "closed", True)


MADE = [("text", b"text"), (b"bytes", b"bytes"), (["a", b"b"], b"ab"), (("a", "b"), b"ab"), ({"a"}, b"a")]


@pytest.mark.parametrize(("content", "body"), MADE, ids=["text", "bytes", "list", "tuple", "set"])
def test_a_response_may_be_made_already(driver: Driver, peer: Peer, content: Any, body: bytes) -> None:
    """What is at hand is streamed as it is."""
    with driver.serving(peer, lambda *_: aioric.StreamingResponse(content)):
        assert take(serve(peer)).body.partition(DELIMITER)[2] == body


def test_much_at_hand_is_cut_into_blocks(driver: Driver, peer: Peer) -> None:
    """A long list is not copied whole."""
    with driver.serving(peer, lambda *_: aioric.StreamingResponse(["x" * 50_000] * 4)):
        assert len(take(serve(peer)).chunks) > 2


async def push(event: Any, _context: Any) -> Any:
    """Writes its answer."""
    async with aioric.open_stream("text/x-log") as out:
        await out.write("one ")
        await out.write(b"two")
        if event.get("fail"):
            raise ValueError(event["fail"])
    return event.get("result")


def test_a_handler_may_write(loop_driver: Driver, peer: Peer) -> None:
    """`open_stream` gives an async handler something to write to."""
    with loop_driver.serving(peer, push):
        taken = take(serve(peer))

    assert taken.headers["content-type"] == "text/x-log"
    assert taken.chunks == [b"one ", b"two"]


def test_a_writer_may_fail(loop_driver: Driver, peer: Peer) -> None:
    """An error in the block, after something was written, is told in trailers."""
    with loop_driver.serving(peer, push):
        taken = take(serve(peer, payload=b'{"fail": "no more"}'))

    assert (taken.body, taken.error["errorMessage"]) == (b"one two", "no more")


def test_what_a_writer_returns_is_not_sent(
    loop_driver: Driver, peer: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    """A result that comes after a stream goes nowhere, and the log says so."""
    with loop_driver.serving(peer, push):
        assert take(serve(peer, payload=b'{"result": 5}')).body == b"one two"
        peer.accept().expect_poll()

    assert "What the handler returned is not sent" in caplog.text


def test_a_writer_may_begin_with_a_prelude(loop_driver: Driver, peer: Peer) -> None:
    """Status, headers or cookies make it an HTTP answer."""

    async def handler(_event: Any, _context: Any) -> None:
        async with aioric.open_stream("text/plain", status_code=201, cookies=["a=1"]) as out:
            await out.write("made")

    with loop_driver.serving(peer, handler):
        metadata, _, body = take(serve(peer)).body.partition(DELIMITER)

    assert json.loads(metadata)["statusCode"] == 201
    assert body == b"made"


def test_a_writer_that_writes_nothing_has_answered(loop_driver: Driver, peer: Peer) -> None:
    """An empty block is an empty answer."""

    async def handler(_event: Any, _context: Any) -> None:
        async with aioric.open_stream():
            pass

    with loop_driver.serving(peer, handler):
        assert take(serve(peer)).chunks == []


def test_a_writer_that_fails_first_is_an_ordinary_error(loop_driver: Driver, peer: Peer) -> None:
    """Before the first byte it is not too late for /error."""

    async def handler(_event: Any, _context: Any) -> None:
        async with aioric.open_stream():
            raise LookupError("nothing to write")

    with loop_driver.serving(peer, handler):
        line = serve(peer)
        assert b"nothing to write" in line.expect_error("id-1").body
        line.send(accepted())
        line.expect_poll()


def test_an_error_that_the_handler_swallows_is_told(loop_driver: Driver, peer: Peer) -> None:
    """A stream that broke off must not look whole, whatever the handler makes of the error."""

    async def handler(_event: Any, _context: Any) -> str:
        try:
            async with aioric.open_stream() as out:
                await out.write("half")
                raise ValueError("broken")  # noqa: TRY301 - where it is raised is the point
        except ValueError:
            return "never mind"

    with loop_driver.serving(peer, handler):
        taken = take(serve(peer))

    assert (taken.body, taken.error["errorMessage"]) == (b"half", "broken")


def test_a_handler_has_one_stream(loop_driver: Driver, peer: Peer) -> None:
    """Neither opening another nor returning one works once a stream was opened."""

    async def twice(_event: Any, _context: Any) -> None:
        async with aioric.open_stream() as out, aioric.open_stream():
            await out.write("never")

    async def returns(_event: Any, _context: Any) -> Any:
        async with aioric.open_stream() as out:
            await out.write("first")
        return ticks()

    with loop_driver.serving(peer, twice):
        line = serve(peer)
        assert b"streamed already" in line.expect_error("id-1").body
        line.send(accepted())
    with loop_driver.serving(peer, returns):
        assert take(serve(peer)).body == b"first"
        peer.accept().expect_poll()


async def test_there_is_nothing_to_write_to_elsewhere() -> None:
    """Outside an invocation, and in a `def` handler, `open_stream` says what to do instead."""
    with pytest.raises(RuntimeError, match="generator"):
        async with aioric.open_stream():
            pass


def test_a_stream_is_closed_for_good(loop_driver: Driver, peer: Peer) -> None:
    """A writer that was kept, and a task that was left behind, write to nobody."""
    kept: list[Any] = []
    seen: list[str] = []

    async def late() -> None:
        try:
            await asyncio.sleep(0.05)
            async with aioric.open_stream():
                pass
        except RuntimeError as error:
            seen.append(str(error))

    async def handler(event: Any, _context: Any) -> None:
        async with aioric.open_stream() as out:
            await out.write("x")
        for writer in kept:
            with pytest.raises(RuntimeError, match="closed"):
                await writer.write("y")
        kept[:] = [out]
        if not event:
            kept.append(out)
            kept.pop()
            asyncio.get_running_loop().create_task(late()).add_done_callback(lambda _: done.set())

    done = threading.Event()
    with loop_driver.serving(peer, handler):
        assert take(serve(peer)).body == b"x"
        assert take(serve(peer, payload=b"[1]")).body == b"x"
        peer.accept().expect_poll()
        assert done.wait(PATIENCE)

    assert "invocation is over" in seen[0]


def test_the_deadline_cuts_a_writer(loop_driver: Driver, peer: Peer) -> None:
    """A handler that writes is cancelled shortly before its time is over."""
    cleaned = threading.Event()

    async def handler(_event: Any, _context: Any) -> None:
        async with aioric.open_stream() as out:
            try:
                await out.write("x")
                await asyncio.sleep(30)
            finally:
                cleaned.set()

    with loop_driver.serving(peer, handler):
        taken = take(serve(peer, headers=deadline_in(0.3)))
        assert cleaned.wait(PATIENCE)
        peer.accept().expect_poll()

    assert taken.error["errorType"] == "Runtime.DeadlineExceeded"


def test_the_deadline_before_the_first_byte_is_an_error(loop_driver: Driver, peer: Peer) -> None:
    """A generator that has said nothing in time fails at /error, while there is time."""

    async def handler(_event: Any, _context: Any) -> AsyncIterator[bytes]:
        await asyncio.sleep(30)
        yield b"late"

    with loop_driver.serving(peer, handler):
        line = serve(peer, headers=deadline_in(0.3))
        assert b"Runtime.DeadlineExceeded" in line.expect_error("id-1").body
        line.send(accepted())
        line.expect_poll()


def test_a_generator_that_cancels_itself_has_failed(loop_driver: Driver, peer: Peer) -> None:
    """A cancellation of the function's own ends the stream, not the lane."""

    async def handler(event: Any, _context: Any) -> AsyncIterator[bytes]:
        if not event:
            yield b"begun"
        raise asyncio.CancelledError

    with loop_driver.serving(peer, handler):
        assert take(serve(peer)).error["errorType"] == "CancelledError"
        line = serve(peer, payload=b"[1]")
        line.expect_error("id-1")
        line.send(accepted())
        line.expect_poll()


def test_events_are_streamed_with_pings(driver: Driver, peer: Peer) -> None:
    """Server-sent events keep the connection alive while the source is silent."""

    def slow() -> Iterator[Any]:
        time.sleep(0.15)
        yield "first\nsecond"
        time.sleep(0.15)
        yield {"data": "x", "event": "e", "id": "1", "retry": 5}
        yield aioric.ServerSentEvent(comment="bye")

    with driver.serving(peer, lambda *_: aioric.ServerSentEvents(slow(), ping=0.05)):
        metadata, _, body = take(serve(peer)).body.partition(DELIMITER)

    assert json.loads(metadata)["headers"]["content-type"] == "text/event-stream"
    assert body.count(b": ping\n\n") >= 2
    assert body.startswith(b": ping\n\n")
    assert body.replace(b": ping\n\n", b"") == (
        b"data: first\ndata: second\n\nevent: e\nid: 1\nretry: 5\ndata: x\n\n: bye\n\n"
    )


def test_asynchronous_events_are_streamed_with_pings(loop_driver: Driver, peer: Peer) -> None:
    """An asynchronous source of events is pinged by the loop's clock."""

    async def slow() -> AsyncIterator[Any]:
        await asyncio.sleep(0.15)
        yield "first"

    async def handler(_event: Any, _context: Any) -> Any:
        return aioric.ServerSentEvents(slow(), ping=0.05)

    with loop_driver.serving(peer, handler):
        body = take(serve(peer)).body.partition(DELIMITER)[2]

    assert body.count(b": ping\n\n") >= 2
    assert body.endswith(b"data: first\n\n")


def test_a_burst_travels_together_and_nothing_waits(driver: Driver, peer: Peer) -> None:
    """Pieces in quick succession share chunks, and what was held when the function stopped is not kept."""
    go_on = threading.Event()

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        for number in range(2000):
            yield b"%04d" % number
        assert go_on.wait(PATIENCE)  # without a word to anybody, and without an await
        yield b"done"

    body = b"".join(b"%04d" % number for number in range(2000))
    with driver.serving(peer, handler):
        line = serve(peer)
        wire = b""
        while b"1999" not in wire:
            wire += line.segment()
        assert wire.count(b"\r\n") < 3000
        go_on.set()
        while not wire.endswith(b"0\r\n\r\n"):
            wire += line.segment()
        assert line.request().body == body + b"done"
        line.send(accepted(close=True))
        peer.accept().expect_poll()


def test_a_blocked_loop_still_sends_what_it_held(loop_driver: Driver, peer: Peer) -> None:
    """An async generator that blocks its thread between pieces does not hold back the ones before."""
    go_on = threading.Event()

    async def handler(_event: Any, _context: Any) -> AsyncIterator[bytes]:
        for number in range(2000):
            yield b"%04d" % number
        assert go_on.wait(PATIENCE)
        yield b"done"

    with loop_driver.serving(peer, handler):
        line = serve(peer)
        wire = b""
        while b"1999" not in wire:
            wire += line.segment()
        go_on.set()
        while not wire.endswith(b"0\r\n\r\n"):
            wire += line.segment()
        line.send(accepted(close=True))
        peer.accept().expect_poll()


def test_a_plain_generator_does_not_block_the_loop(loop_driver: Driver, peer: Peer) -> None:
    """On an event loop it runs in a thread, in the invocation's context, and other lanes go on."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    entered, go_on = threading.Event(), threading.Event()

    async def handler(event: Any, _context: Any) -> Any:
        if not event:
            return "quick"
        variable.set("seen")

        def pieces() -> Iterator[str]:
            yield variable.get()
            entered.set()
            assert go_on.wait(PATIENCE)
            yield "end"

        return pieces()

    with loop_driver.serving(peer, handler, lanes=2):
        slow, quick = peer.accept(), peer.accept()
        slow.expect_poll()
        quick.expect_poll()
        slow.send(event("id-1", b"[1]"))
        assert entered.wait(PATIENCE)
        quick.send(event("id-2"))
        assert quick.expect_response("id-2").body == b'"quick"'
        quick.send(accepted())
        go_on.set()
        assert take(slow).body == b"seenend"


BAD: dict[str, tuple[Any, str]] = {
    "number": (5, "Piece 3 of the stream is of type int, and only bytes and str can be streamed: 5"),
    "long": ({"a": "x" * 200}, "Piece 3 of the stream is of type dict"),
    "response": (
        aioric.StreamingResponse(""),
        "Piece 3 of the stream is a StreamingResponse: status, headers",
    ),
    "surrogate": ("\ud800", "Piece 3 of the stream cannot be sent as UTF-8"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_piece_is_named_with_its_position(driver: Driver, peer: Peer, bad: str) -> None:
    """What cannot be streamed ends the stream with an error that says which piece it was."""
    piece, message = BAD[bad]
    ended = threading.Event()

    def handler(_event: Any, _context: Any) -> Iterator[Any]:
        try:
            yield "one"
            yield b"two"
            yield piece
        finally:
            ended.set()

    with driver.serving(peer, handler):
        taken = take(serve(peer))
        assert ended.wait(PATIENCE)

    assert taken.body == b"onetwo"
    assert taken.error["errorMessage"].startswith(message)
    assert taken.error["errorType"] == "Runtime.InvalidStream"


def test_a_bad_first_piece_is_an_ordinary_error(driver: Driver, peer: Peer) -> None:
    """Before the first byte it goes to /error; so does a bad piece of a list, and one that cannot be read."""
    answers = [
        iter([5]),
        aioric.StreamingResponse([5]),
        aioric.StreamingResponse({"a": 1}),
        aioric.StreamingResponse(5),
    ]

    with driver.serving(peer, lambda event, _: answers[event]):
        line = peer.accept()
        for number in range(len(answers)):
            line.expect_poll()
            line.send(event("id-1", str(number).encode()))
            assert b"Runtime.InvalidStream" in line.expect_error("id-1").body
            line.send(accepted())


def test_the_good_part_of_a_list_is_sent(driver: Driver, peer: Peer) -> None:
    """What is at hand before a bad piece is not lost with it."""
    with driver.serving(peer, lambda *_: aioric.StreamingResponse(["good", 5])):
        taken = take(serve(peer))

    assert taken.body.endswith(b"good")
    assert "Piece 2" in taken.error["errorMessage"]


def test_a_failing_finally_is_a_failure(driver: Driver, peer: Peer) -> None:
    """An error on closing a source that has ended is told too."""

    class Bad(Counted):
        def close(self) -> None:
            raise OSError("cannot close")

    with driver.serving(peer, lambda *_: Bad()):
        taken = take(serve(peer))

    assert (taken.body, taken.error["errorMessage"]) == (b"abc", "cannot close")
