"""What the blocking driver offers besides its loop: a connection that comes and goes, a question, names."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from aioric.drivers.around import Around
from aioric.drivers.blocking import Line, ask, connect, finish, has_gone, resolve, watch
from aioric.errors import ConnectionLost, MalformedResponse
from aioric.function.background import Work
from aioric.messages import Failed
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import http
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.drivers.peer import Peer

REPORT = RuntimeApi("127.0.0.1:1", "test").init_error(Failed(b"{}", "Runtime.X"))


class Answering:
    """A peer that hears one report in a thread, answers in pieces and closes."""

    def __init__(self, peer: Peer, *pieces: bytes) -> None:
        self._peer = peer
        self._pieces = pieces
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self) -> int:
        self._thread.start()
        return self._peer.port

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _answer(self) -> None:
        line = self._peer.accept()
        line.expect("POST", "/2018-06-01/runtime/init/error")
        line.send(*self._pieces)
        line.close()


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([http(202, b"OK")], id="whole"),
        pytest.param([http(202, b"OK")[:9], http(202, b"OK")[9:]], id="in pieces"),
        pytest.param([b"HTTP/1.1 202 Accepted\r\n\r\nOK"], id="until the end"),
    ],
)
def test_one_question_has_one_answer(peer: Peer, pieces: list[bytes]) -> None:
    """A request on a connection of its own is answered by one response."""
    with Answering(peer, *pieces) as port:
        response = ask("127.0.0.1", port, REPORT)
    assert (response.status, response.body) == (202, b"OK")


@pytest.mark.parametrize(
    ("answer", "error"),
    [(b"", ConnectionLost), (b"HTTP/1.1 202 A", ConnectionLost), (b"220 mail\r\n\r\n", MalformedResponse)],
)
def test_a_question_may_have_no_answer(peer: Peer, answer: bytes, error: type[Exception]) -> None:
    """A peer that closes or makes no sense is an error, and never a wait."""
    with Answering(peer, answer) as port, pytest.raises(error):
        ask("127.0.0.1", port, REPORT)


def test_a_question_to_nobody_is_an_error(peer: Peer) -> None:
    """A peer that is not there refuses the connection, which is not left open."""
    peer.stop_listening()
    with pytest.raises(ConnectionRefusedError):
        ask("127.0.0.1", peer.port, REPORT)


def test_a_connection_does_not_wait_for_acknowledgements(peer: Peer) -> None:
    """Small answers leave at once: Nagle's algorithm is off."""
    connection = connect("127.0.0.1", peer.port)
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    connection.close()


@pytest.mark.parametrize(
    ("host", "family"),
    [("127.0.0.1", socket.AF_INET), ("localhost", None), ("::1", socket.AF_INET6)],
)
def test_an_address_is_resolved(host: str, family: int | None) -> None:
    """Numbers and names of this machine resolve, of either family."""
    found, address = resolve(host, 9001)
    assert family in (None, found)
    assert address[1] == 9001


def test_a_name_that_is_not_ascii_is_unknown() -> None:
    """A host that cannot exist is an unknown one, without the codecs for names of the world."""
    with pytest.raises(OSError, match="known"):
        resolve("ünknown..", 9001)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_quiet_connection_stands(pair: tuple[socket.socket, socket.socket]) -> None:
    """A connection on which nothing happens is fit for use, and looking does not wait."""
    assert not has_gone(watch(pair[0]))


@pytest.mark.parametrize("word", [b"", b"unasked"], ids=["closed", "unasked"])
def test_a_connection_that_speaks_unasked_has_gone(
    pair: tuple[socket.socket, socket.socket], word: bytes
) -> None:
    """The end of the stream, or bytes that nobody asked for, make a connection unfit."""
    ours, theirs = pair
    watching = watch(ours)
    theirs.send(word) if word else theirs.close()
    assert has_gone(watching)


def talk(peer: Peer) -> Conversation:
    """What is said on one connection."""
    return Conversation(RuntimeApi(f"127.0.0.1:{peer.port}", "test"), pipeline=True)


@pytest.mark.parametrize("leaving", [False, True])
def test_what_follows_a_stream_comes_before_the_poll(peer: Peer, *, leaving: bool) -> None:
    """A poll that waits to be sent is taken back; it is asked for again, unless this was the last event."""
    conversation = talk(peer)
    line = Line("127.0.0.1", peer.port, conversation, journal(Lines()))
    if leaving:
        line.leave()
    done: list[bool] = []
    invocation = an_invocation()
    invocation.background = [Work(lambda: done.append(conversation.expecting))]
    conversation.poll()
    finish(line, conversation, Around(config(), journal(Lines()), asyncio.run), invocation)
    assert done == [False]
    assert conversation.expecting is not leaving
    assert peer.deserted()


def test_leaving_a_connection_that_is_lost_is_leaving(peer: Peer) -> None:
    """The peer may have been faster than the signal."""
    conversation = talk(peer)
    line = Line("127.0.0.1", peer.port, conversation, journal(Lines()))
    conversation.poll()
    line.stand()
    peer.accept().reset()
    line.leave()
    assert line.leaving
    assert line.exchange() is None
    line.close()


def test_a_connection_that_cannot_be_had_is_given_up(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After as many tries as there are pauses and one."""
    line = Line("127.0.0.1", peer.port, talk(peer), journal(Lines()))
    monkeypatch.setattr("aioric.protocol.conversation.PAUSES", (0.0, 0.0))
    peer.stop_listening()
    with pytest.raises(ConnectionLost, match="3 times"):
        line.stand()
