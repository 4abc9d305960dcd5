"""A streamed answer of the blocking driver, where its own thread and the clock take part."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from aioric.drivers import blocking_streams, bursts, pulse
from aioric.drivers.blocking import Line
from aioric.errors import PeerGone
from aioric.function.pieces import Pieces
from aioric.messages import Failed, Streamed
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import accepted
from tests.lifecycle.journals import Lines, an_invocation, journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.drivers.peer import Peer

    Life = tuple[Callable[..., None], tuple[Any, ...]]

SOON = 0.3  # seconds


class Streaming:
    """The runtime's end of a connection, and a stream on it from the test's own thread."""

    def __init__(self, peer: Peer) -> None:
        self.conversation = Conversation(RuntimeApi(f"127.0.0.1:{peer.port}", "test"), pipeline=True)
        self.line = Line("127.0.0.1", peer.port, self.conversation, journal(Lines()))

    def stream(
        self,
        pieces: Iterator[bytes],
        *,
        seconds: float | None = None,
        keep_alive: tuple[float, bytes] | None = None,
    ) -> Failed | None:
        """Stream the pieces, in so much time."""
        streamed = Streamed("text/plain", b"", Pieces(pieces, failed), keep_alive)
        invocation = an_invocation(seconds)
        return blocking_streams.stream(self.line, self.conversation, invocation, streamed, poll=False)


def failed(error: BaseException) -> Failed:
    """A failure as the platform hears of it."""
    return Failed(str(error).encode(), type(error).__name__)


@pytest.fixture
def streaming(peer: Peer) -> Iterator[Streaming]:
    """A stream to come, whose connection is closed afterwards."""
    streaming = Streaming(peer)
    yield streaming
    streaming.line.close()


def test_a_stream_without_a_piece_in_time_is_an_ordinary_error(peer: Peer, streaming: Streaming) -> None:
    """Nothing has left when its time is over, so that nothing is streamed; the generator is ended."""
    ended = threading.Event()

    def pieces() -> Iterator[bytes]:
        try:
            time.sleep(SOON)
            yield b"too late"
        finally:
            ended.set()

    failure = streaming.stream(pieces(), seconds=SOON)
    assert failure is not None
    assert failure.error_type == "StreamCut"
    assert ended.is_set()
    assert peer.deserted()


def test_a_cut_stream_whose_peer_has_left_is_given_up(peer: Peer, streaming: Streaming) -> None:
    """Its end has nowhere to go, which the log hears of, and a new connection may be opened."""

    def pieces() -> Iterator[bytes]:
        yield b"in time"
        peer.accept().reset()
        time.sleep(SOON)
        yield b"too late"

    assert streaming.stream(pieces(), seconds=SOON) is None
    assert not streaming.conversation.owing
    assert streaming.conversation.refusals


def test_a_peer_that_reads_slowly_is_waited_for(peer: Peer, streaming: Streaming) -> None:
    """A piece that is more than the system holds leaves in parts, as there is room."""
    peer.narrow()
    streaming.line.stand().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    line = peer.accept()
    piece = b"x" * 1_000_000
    bodies: list[bytes] = []

    def read() -> None:
        bodies.append(line.request().body)
        line.send(accepted(close=True))

    reader = threading.Thread(target=read)

    def pieces() -> Iterator[bytes]:
        reader.start()
        yield piece

    streaming.stream(pieces())
    reader.join()
    assert bodies == [piece]


def lives_of(module: Any, monkeypatch: pytest.MonkeyPatch) -> list[Life]:
    """The threads that the module would start; the test lives their lives, when it likes."""
    begun: list[Life] = []
    monkeypatch.setattr(module, "start_new_thread", lambda *life: begun.append(life))
    return begun


def test_comments_fill_the_silence(peer: Peer, streaming: Streaming, monkeypatch: pytest.MonkeyPatch) -> None:
    """One may be the first that leaves, others come between the pieces, none after the end."""
    lives = lives_of(pulse, monkeypatch)

    def comment() -> None:
        [(_beat, (send, _interval, comment))] = lives
        send(comment)

    def pieces() -> Iterator[bytes]:
        comment()
        line = peer.accept()
        while b": here" not in line.segment():
            continue
        yield b"one"
        comment()
        yield b"two"
        line.send(accepted(close=True))

    streaming.stream(pieces(), keep_alive=(60.0, b": here\n"))
    comment()
    assert peer.lines[0].request().body == b": here\none: here\ntwo"
    assert peer.lines[0].hung_up()


def in_a_lasting_burst() -> Iterator[bytes]:
    """Pieces after which any that follows is held."""
    for _ in range(bursts.RUN + 1):
        yield b"."


def test_what_is_held_leaves_without_another_piece(
    peer: Peer, streaming: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The burst's thread sends it while the generator is busy."""
    monkeypatch.setattr(bursts, "QUICK", 60.0)
    lives = lives_of(bursts, monkeypatch)

    def pieces() -> Iterator[bytes]:
        yield b"first"
        yield from in_a_lasting_burst()
        yield b"held"
        [(live, arguments)] = lives
        live(*arguments)
        line = peer.accept()
        taken = b""
        while b"held" not in taken:
            taken += line.segment()
        line.send(accepted(close=True))

    streaming.stream(pieces())
    assert peer.lines[0].request().body == b"first" + b"." * (bursts.RUN + 1) + b"held"


def test_what_is_held_and_cannot_leave_is_the_next_pieces_business(
    peer: Peer, streaming: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread raises nothing; the generator is told at its `yield`."""
    monkeypatch.setattr(bursts, "QUICK", 60.0)
    lives = lives_of(bursts, monkeypatch)
    told: list[str] = []

    def pieces() -> Iterator[bytes]:
        yield b"first"
        yield from in_a_lasting_burst()
        yield b"held"
        peer.accept().reset()
        [(live, arguments)] = lives
        live(*arguments)
        try:
            yield b"x" * bursts.ENOUGH
        except PeerGone as gone:
            told.append(str(gone))

    streaming.stream(pieces())
    assert len(told) == 1
