"""What happens to a stream whose peer leaves, resets, stalls or dawdles, at every byte of it."""

from __future__ import annotations

import gc
import json
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

import pytest

import aioric
from aioric.errors import ConnectionLost
from tests.drivers.peer import PATIENCE, accepted, event, http
from tests.streaming.taking import deadline_in, serve, take

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.drivers.peer import Line, Peer
    from tests.drivers.serving import Driver

PIECES = (b"one", b"two", b"three")


class Watched:
    """A handler that streams three pieces, and knows whether each of its generators was ended.

    On an event loop the generator is an asynchronous one: in a thread, pieces may travel together.
    """

    def __init__(self, driver: Driver) -> None:
        self._make = self._pieces_async if driver.is_async else self._pieces
        self.begun = 0
        self.ended = 0
        self.told: list[str] = []
        self.alive = weakref.WeakSet[Any]()

    def __call__(self, _event: Any, _context: Any) -> Any:
        generator = self._make()
        self.alive.add(generator)
        return generator

    def _pieces(self) -> Iterator[bytes]:
        self.begun += 1
        try:
            yield from PIECES
        except aioric.PeerGone as error:
            self.told.append(str(error))
            raise
        finally:
            self.ended += 1

    async def _pieces_async(self) -> AsyncIterator[bytes]:
        self.begun += 1
        try:
            for piece in PIECES:
                yield piece
        except aioric.PeerGone as error:
            self.told.append(str(error))
            raise
        finally:
            self.ended += 1


def receive_exactly(line: Line, size: int) -> bytes:
    """Take so many bytes from a line, and leave the rest in it."""
    taken = b""
    while len(taken) < size:
        segment = line.segment(size - len(taken))
        assert segment, "the runtime has closed the connection"
        taken += segment
    return taken


@pytest.mark.parametrize("way", ["close", "reset", "close for writing"])
def test_a_peer_may_leave_at_every_byte(driver: Driver, peer: Peer, way: str) -> None:
    """Wherever it leaves, no generator stays open, nothing is said twice, and the next event is served."""
    handler = Watched(driver)
    with driver.serving(peer, handler):
        whole = take(serve(peer)).wire
        for size in range(1, len(whole) + 1):
            line = serve(peer, f"id-{size}")
            receive_exactly(line, size)
            if way == "reset":
                line.reset()
            elif way == "close":
                line.close()
            else:
                line.send_and_close(b"")
        assert take(serve(peer, "id-last")).body == b"onetwothree"
        line = peer.accept()
        line.expect_poll()
        assert handler.begun == handler.ended == len(whole) + 2
    gc.collect()
    assert not handler.alive


def test_a_slow_reader_gets_every_byte(driver: Driver, peer: Peer) -> None:
    """A peer that takes one byte at a time gets the same stream."""
    with driver.serving(peer, Watched(driver)):
        whole = take(serve(peer)).wire
        line = serve(peer)
        slowly = b"".join(receive_exactly(line, 1) for _ in range(len(whole)))
        line.send(accepted(close=True))
        assert take(serve(peer)).wire == whole == slowly


def test_a_stall_at_every_byte_is_waited_for(driver: Driver, peer: Peer) -> None:
    """A peer that pauses in the middle and goes on gets the whole stream."""
    with driver.serving(peer, Watched(driver)):
        whole = take(serve(peer)).wire
        for size in range(0, len(whole), 7):
            line = serve(peer)
            begin = receive_exactly(line, size)
            line.silent() if size % 49 == 0 else None
            assert begin + receive_exactly(line, len(whole) - size) == whole
            line.send(accepted(close=True))
        peer.accept().expect_poll()


class Endless:
    """A handler that streams for as long as somebody takes it; the event says how."""

    def __init__(self) -> None:
        self.made = 0
        self.error: BaseException | None = None
        self.ended = threading.Event()

    def __call__(self, invocation: Any, _context: Any) -> Iterator[bytes]:
        try:
            while invocation.get("endless", True):
                self.made += 1
                yield b"x" * 10_000
            yield b"short"
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.ended.set()


def test_a_slow_peer_suspends_the_generator(driver: Driver, peer: Peer) -> None:
    """What the system holds for a peer that does not read is bounded, and so is what was made."""
    handler = Endless()
    peer.narrow()
    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        made = settled(handler)
        assert made * 10_000 < 8_000_000
        line.reset()
        assert handler.ended.wait(PATIENCE)
        assert isinstance(handler.error, aioric.PeerGone | GeneratorExit)
        assert take(serve(peer, payload=b'{"endless": false}')).body == b"short"


def settled(handler: Endless) -> int:
    """How many pieces were made when no more are."""
    deadline = time.monotonic() + PATIENCE
    made, since = handler.made, time.monotonic()
    while time.monotonic() - since < 0.2:
        assert time.monotonic() < deadline
        if handler.made != made:
            made, since = handler.made, time.monotonic()
    return made


@pytest.mark.parametrize("size", [100, 10_000, 70_000])
@pytest.mark.parametrize("form", ["plain", "asynchronous", "written"])
def test_a_slow_peer_gets_everything_in_order(driver: Driver, peer: Peer, size: int, form: str) -> None:
    """Whatever was held, joined or sent in part meanwhile, the bytes are those that were made."""
    if form != "plain" and not driver.is_async:
        pytest.skip("needs an event loop")
    pieces = [(b"%06d" % number) * (size // 6) for number in range(3_000_000 // size)]

    def plain(_event: Any, _context: Any) -> Iterator[bytes]:
        yield from pieces

    async def asynchronous(_event: Any, _context: Any) -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def written(_event: Any, _context: Any) -> None:
        async with aioric.open_stream() as out:
            for piece in pieces:
                await out.write(piece)

    handler = {"plain": plain, "asynchronous": asynchronous, "written": written}[form]
    peer.narrow()
    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert line.expect_response("id-1").body == b"".join(pieces)
        line.send(accepted(close=True))
        peer.accept().expect_poll()


def test_a_reset_raises_where_the_generator_stands(driver: Driver, peer: Peer) -> None:
    """The generator is told by `PeerGone` at its `yield`, and the loop goes on."""
    handler = Endless()
    with driver.serving(peer, handler):
        line = serve(peer)
        line.segment()
        line.reset()
        assert handler.ended.wait(PATIENCE)
        assert isinstance(handler.error, aioric.PeerGone)
        assert take(serve(peer, payload=b'{"endless": false}')).body == b"short"


def test_a_reset_raises_where_a_writer_stands(loop_driver: Driver, peer: Peer) -> None:
    """A handler that writes is told by `PeerGone`, needs not to catch it, and the next event is served."""
    ended = threading.Event()

    async def handler(invocation: Any, _context: Any) -> None:
        try:
            async with aioric.open_stream() as out:
                while invocation.get("endless", True):
                    await out.write(b"x" * 10_000)
                await out.write(b"short")
        except aioric.PeerGone:
            ended.set()
            raise

    with loop_driver.serving(peer, handler):
        line = serve(peer)
        line.segment()
        line.reset()
        assert ended.wait(PATIENCE)
        assert take(serve(peer, payload=b'{"endless": false}')).body == b"short"


@pytest.mark.parametrize("status", [413, 410, 400])
def test_an_early_answer_ends_the_stream(
    driver: Driver, peer: Peer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What the platform says before the end (too large, too late) is logged, and the next event is served."""
    handler = Endless()
    with driver.serving(peer, handler):
        line = serve(peer)
        line.segment()
        line.send_and_close(http(status, b'{"errorType":"RequestEntityTooLarge"}', close=True))
        assert handler.ended.wait(PATIENCE)
        assert take(serve(peer, payload=b'{"endless": false}')).body == b"short"

    assert "did not accept an answer" in caplog.text


def test_a_generator_that_will_not_end_is_closed(driver: Driver, peer: Peer) -> None:
    """One that catches `PeerGone` and goes on is ended all the same."""
    ended = threading.Event()

    def handler(invocation: Any, _context: Any) -> Iterator[bytes]:
        if not invocation.get("endless", True):
            yield b"short"
            return
        try:
            while True:
                try:
                    yield b"x" * 10_000
                except aioric.PeerGone:
                    continue
        finally:
            ended.set()

    with driver.serving(peer, handler):
        line = serve(peer)
        line.segment()
        line.reset()
        assert ended.wait(PATIENCE)
        assert take(serve(peer, payload=b'{"endless": false}')).body == b"short"


def test_what_a_generator_says_of_a_lost_peer_is_logged(
    driver: Driver, peer: Peer, capfd: pytest.CaptureFixture[str]
) -> None:
    """An error of the function's own, raised in answer to `PeerGone`, is not lost."""
    ended = threading.Event()

    def handler(invocation: Any, _context: Any) -> Iterator[bytes]:
        try:
            while invocation.get("endless", True):
                yield b"x" * 10_000
            yield b"short"
        except aioric.PeerGone as gone:
            raise RuntimeError("could not clean up") from gone
        finally:
            ended.set()

    with driver.serving(peer, handler):
        line = serve(peer)
        line.segment()
        line.reset()
        assert ended.wait(PATIENCE)
        assert take(serve(peer, payload=b'{"endless": false}')).body == b"short"

    assert "could not clean up" in capfd.readouterr().out


def test_the_deadline_cuts_a_stream_with_trailers(driver: Driver, peer: Peer) -> None:
    """Shortly before the invocation's time is over the stream ends, and says why."""
    ended = threading.Event()

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        try:
            while True:
                yield b"tick"
                ended.wait(0.01)
        finally:
            ended.set()

    with driver.serving(peer, handler):
        began = time.monotonic()
        taken = take(serve(peer, headers=deadline_in(0.4)))
        assert time.monotonic() - began < 0.6
        assert ended.wait(PATIENCE)
        peer.accept().expect_poll()

    assert taken.error["errorType"] == "Runtime.DeadlineExceeded"
    assert taken.body.startswith(b"ticktick")


def test_a_stalled_peer_is_given_up_at_the_deadline(driver: Driver, peer: Peer) -> None:
    """A peer that reads nothing more does not hold the lane for ever."""
    handler = Endless()
    peer.narrow()
    with driver.serving(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", headers=deadline_in(0.4)))
        assert handler.ended.wait(PATIENCE)
        assert take(serve(peer, payload=b'{"endless": false}')).body == b"short"


def test_a_missing_acknowledgement_is_given_up_at_the_deadline(driver: Driver, peer: Peer) -> None:
    """A peer that takes everything and never answers does not hold the lane for ever either."""
    with driver.serving(peer, Watched(driver)):
        line = serve(peer, headers=deadline_in(0.3))
        while not line.segment().endswith(b"0\r\n\r\n"):
            continue
        assert take(serve(peer)).body == b"onetwothree"


@pytest.mark.parametrize("deadline", ["0", "1", "99999999999999999"], ids=["unknown", "past", "absurd"])
def test_nonsense_is_no_deadline(driver: Driver, peer: Peer, deadline: str) -> None:
    """What an emulator with a wrong clock says does not cut a stream."""
    with driver.serving(peer, Watched(driver)):
        assert take(serve(peer, headers={"Lambda-Runtime-Deadline-Ms": deadline})).trailers == {}


def test_a_connection_that_went_stale_is_not_streamed_on(driver: Driver, peer: Peer) -> None:
    """A peer that closes the poll's connection meanwhile gets the stream on another one, once."""
    entered, go_on = threading.Event(), threading.Event()

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        entered.set()
        assert go_on.wait(PATIENCE)
        yield b"once"

    with driver.serving(peer, handler):
        line = serve(peer)
        assert entered.wait(PATIENCE)
        line.close()
        assert line.silent() if line.open else True
        go_on.set()
        line = peer.accept()
        assert take(line).body == b"once"
        peer.accept().expect_poll()


def test_a_stream_without_a_connection_ends_the_runtime(
    driver: Driver, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that leaves before the first piece and takes no new connection is given up."""
    monkeypatch.setattr("aioric.protocol.conversation.PAUSES", (0.0, 0.0))
    entered, go_on = threading.Event(), threading.Event()

    def handler(_event: Any, _context: Any) -> Iterator[bytes]:
        entered.set()
        assert go_on.wait(PATIENCE)
        yield b"never"

    with driver.serving(peer, handler) as serving:
        line = serve(peer)
        assert entered.wait(PATIENCE)
        line.close()
        peer.stop_listening()
        go_on.set()
        assert isinstance(serving.ended(), ConnectionLost)


def test_the_platforms_end_in_a_stream_is_ours(driver: Driver, peer: Peer) -> None:
    """A 500 in answer to a stream ends the runtime, as it does everywhere."""
    with driver.serving(peer, Watched(driver)) as serving:
        line = serve(peer)
        while not line.segment().endswith(b"0\r\n\r\n"):
            continue
        line.send(http(500, json.dumps({"errorType": "InternalServerError"}).encode()))
        assert isinstance(serving.ended(), Exception)
