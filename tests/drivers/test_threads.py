"""Several invocations at once on threads: one lane, one connection, one poll for each."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from aioric.drivers import threads
from aioric.drivers.around import Around
from aioric.drivers.blocking import Line
from aioric.errors import PlatformRefused
from aioric.function.background import Work
from aioric.function.pieces import Pieces
from aioric.messages import Buffered, Failed, Invocation, Streamed
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import PATIENCE, accepted, event, http
from tests.lifecycle.journals import Lines, config, journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.drivers.peer import Peer


def nothing_to_complete(_coroutine: object) -> None:
    """Here nothing is left to be done that is a coroutine."""


class Serving:
    """Two lanes that serve on threads of their own, beside the test."""

    def __init__(self, peer: Peer, handle: Callable[[Invocation], Any], around: Around | None = None) -> None:
        api = RuntimeApi(f"127.0.0.1:{peer.port}", "test")
        self.outcome: BaseException | None = None
        self._around = around
        self._lanes = []
        self._lines = []
        for _ in range(2):
            conversation = Conversation(api, pipeline=True)
            line = Line("127.0.0.1", peer.port, conversation, journal(Lines()))
            self._lines.append(line)
            self._lanes.append(threads.Lane(line, handle, conversation, around))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def ended(self) -> BaseException | None:
        """Wait for the end, of the lanes too; returns what it was."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        for thread in threading.enumerate():
            if thread.name in ("lane-0", "lane-1"):
                thread.join(PATIENCE)
        for line in self._lines:
            line.close()
        return self.outcome

    def _serve(self) -> None:
        try:
            threads.serve(self._lanes, self._around)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.outcome = error


def answer(invocation: Invocation) -> Buffered | Streamed:
    """What the event says: a stream, if that is what it asks for."""
    if invocation.payload == b"stream":
        return Streamed("text/plain", b"", Pieces(iter([b"one", b"two"]), failed))
    return Buffered(invocation.payload, "application/json")


def failed(error: BaseException) -> Failed:
    """A failure as the platform hears of it."""
    return Failed(str(error).encode(), type(error).__name__)


@pytest.mark.parametrize("looked_after", [True, False])
def test_lanes_answer_and_stream(peer: Peer, *, looked_after: bool) -> None:
    """A lane serves one event after the other, and polls on a new connection after a stream."""
    around = Around(config(), journal(Lines()), nothing_to_complete) if looked_after else None
    serving = Serving(peer, answer, around)
    line, other = peer.accept(), peer.accept()
    for each in (line, other):
        each.expect_poll()
    line.send(event("id-1", b"stream"))
    assert line.expect_response("id-1").body == b"onetwo"
    line.send(accepted(close=True))
    line = peer.accept()
    line.expect_poll()
    line.send(event("id-2", b"2"))
    assert line.expect_response("id-2").body == b"2"
    line.send(accepted())
    line.expect_poll()
    line.send(http(500))
    other.send(http(500))
    assert isinstance(serving.ended(), PlatformRefused)


def test_what_is_left_for_later_is_done_once_the_answer_is_out(peer: Peer) -> None:
    """The caller has its answer, whole or streamed, before that begins, and the poll comes after it."""
    done: list[bytes] = []

    def handle(invocation: Invocation) -> Buffered | Streamed:
        invocation.background = [Work(lambda: done.append(invocation.payload))]
        return answer(invocation)

    serving = Serving(peer, handle, Around(config(), journal(Lines()), nothing_to_complete))
    line, other = peer.accept(), peer.accept()
    for each in (line, other):
        each.expect_poll()
    line.send(event("id-1", b"1"))
    line.expect_response("id-1")
    assert line.silent()
    assert done == []
    line.send(accepted())
    line.expect_poll()
    assert done == [b"1"]
    line.send(event("id-2", b"stream"))
    assert line.expect_response("id-2").body == b"onetwo"
    line.send(accepted(close=True))
    line = peer.accept()
    line.expect_poll()
    assert done == [b"1", b"stream"]
    line.send(http(500))
    other.send(http(500))
    assert isinstance(serving.ended(), PlatformRefused)
