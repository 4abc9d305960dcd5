"""Sockets to the Runtime API: opened, looked at, hung up, and a question on one of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from aioric.drivers.sockets import ask, connect, hang_up, has_gone, reach, resolve, watch
from aioric.errors import ConnectionLost, MalformedResponse
from aioric.messages import Failed
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import http

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
    found, address = resolve(host, 9001)[0]
    assert family in (None, found)
    assert address[1] == 9001


def test_a_name_with_several_addresses_is_tried_at_each(peer: Peer) -> None:
    """Where nobody listens at the first, as an emulator on IPv4 does at `::1`, the next one is asked."""
    here = (socket.AF_INET, ("127.0.0.1", peer.port))
    elsewhere = (socket.AF_INET, ("127.0.0.2", peer.port))
    with socket.create_server(("127.0.0.2", 0)) as nobody:
        silent = (socket.AF_INET, nobody.getsockname())
    connection = reach([silent, here])
    found = connection.getpeername()
    connection.close()

    assert found == here[1]
    with pytest.raises(ConnectionRefusedError):
        reach([silent, elsewhere])


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


def test_a_wait_is_ended_by_hanging_up(pair: tuple[socket.socket, socket.socket]) -> None:
    """Whoever waits for an event that has not come waits no longer; what it writes still leaves."""
    ours, theirs = pair
    hang_up(ours, watch(ours))
    assert ours.recv(1) == b""
    ours.send(b"answer")
    assert theirs.recv(6) == b"answer"


def test_who_has_something_to_read_is_not_hung_up(pair: tuple[socket.socket, socket.socket]) -> None:
    """An event that has arrived is read, and what is said to its answer is heard."""
    ours, theirs = pair
    theirs.send(b"event")
    hang_up(ours, watch(ours))
    assert ours.recv(5) == b"event"
    theirs.send(b"accepted")
    assert ours.recv(8) == b"accepted"


def test_hanging_up_what_has_ended_is_no_error(pair: tuple[socket.socket, socket.socket]) -> None:
    """The peer may be faster, at any moment."""
    with socket.socket() as ended:
        hang_up(ended, watch(pair[0]))


# What is closed before, and the number of the connection after; a failed check is the end of the process.
CLOSING = """
import asyncio, os, sys
from aioric.drivers import lines, sockets
from aioric.protocol.conversation import Conversation

async def on_a_loop():
    line = lines.Line("127.0.0.1", {port}, Conversation(None, pipeline=True), print)
    return await line._connect()

os.set_blocking(0, False)  # it is open
for closed in ([], [0], [1], [0, 1], [1, 2], [0, 1, 2]):
    kept = {{number: os.dup(number) for number in closed}}
    list(map(os.close, closed))
    one, other = sockets.connect("127.0.0.1", {port}), asyncio.run(on_a_loop())
    found = one.fileno(), other.fileno(), os.get_inheritable(one.fileno())
    still_closed = [number for number in closed if os.path.exists("/proc/self/fd/%d" % number)]
    peers = one.getpeername()[1], other.getpeername()[1]
    for number, copy in kept.items():
        os.dup2(copy, number)
    assert min(found[:2]) > 2 and not found[2], (closed, found)
    assert not still_closed, (closed, still_closed)
    assert peers == ({port}, {port})
"""


def test_no_connection_takes_the_place_of_a_standard_stream(peer: Peer) -> None:
    """Whichever of the numbers 0 to 2 are free, they stay free, on a loop and without."""
    ended = subprocess.run(
        [sys.executable, "-c", CLOSING.format(port=peer.port)],
        stdin=subprocess.PIPE,
        capture_output=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
