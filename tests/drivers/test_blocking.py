"""What the blocking driver offers besides its loop: a connection that comes and goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aioric.drivers.around import Around
from aioric.drivers.blocking import Line, finish
from aioric.errors import ConnectionLost
from aioric.function.background import Work
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from tests.drivers.peer import Peer


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


def test_who_is_told_to_leave_while_it_connects_asks_for_nothing(peer: Peer) -> None:
    """A poll that is sent might be answered, and nobody would be there."""

    class Leaving(Line):
        """Told to leave at the worst moment."""

        __slots__ = ()

        def _connection(self) -> Any:
            connection = super()._connection()
            self.leaving = True
            return connection

    conversation = talk(peer)
    line = Leaving("127.0.0.1", peer.port, conversation, journal(Lines()))
    conversation.poll()
    assert line.exchange() is None
    platform = peer.accept()
    line.close()
    assert platform.hung_up()


def test_a_connection_that_cannot_be_had_is_given_up(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """After as many tries as there are pauses and one."""
    line = Line("127.0.0.1", peer.port, talk(peer), journal(Lines()))
    monkeypatch.setattr("aioric.protocol.conversation.PAUSES", (0.0, 0.0))
    peer.stop_listening()
    with pytest.raises(ConnectionLost, match="3 times"):
        line.stand()
