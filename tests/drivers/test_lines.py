"""The connection of a lane: where it is full, lost in the middle of an answer, or not wanted any more."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from aioric.drivers.lines import Line, wake
from aioric.drivers.sockets import resolve
from aioric.errors import ConnectionLost
from aioric.messages import Buffered, Invocation
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.drivers.peer import Line as Heard
    from tests.drivers.peer import Peer

BODY = b"0123456789" * 6000  # travels in one part with its head, and is more than a small socket takes


@contextmanager
def a_line(peer: Peer) -> Iterator[Line]:
    """A line on which nothing is heard, and which is about to poll."""
    conversation = Conversation(RuntimeApi("test", "test"), pipeline=True)
    line = Line("127.0.0.1", peer.port, conversation, lambda: None)
    line.conversation.poll()
    yield line
    line.close()


async def polled(line: Line, peer: Peer) -> Heard:
    """Let it poll on a socket that takes little, and answer; returns the peer's end."""
    await line._speak()  # noqa: SLF001 - a lane does it
    heard = peer.accept()
    heard.expect_poll()
    assert line._socket is not None  # noqa: SLF001 - nothing else can make it small
    line._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # noqa: SLF001
    line.conversation.receive(
        b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nContent-Length: 2\r\n\r\n{}"
    )
    line.conversation.answer(Invocation("id-1", b"{}"), Buffered(BODY, "application/json"))
    return heard


async def test_the_place_where_somebody_listens_is_found(peer: Peer) -> None:
    """A name may stand for several: one where nobody listens is passed over, but for the last."""
    silent = socket.create_server(("127.0.0.1", 0))
    (nobody,) = resolve("127.0.0.1", silent.getsockname()[1])
    silent.close()
    (here,) = resolve("127.0.0.1", peer.port)
    with a_line(peer) as line:
        connection = await line._open_first([nobody, here])  # noqa: SLF001 - of no name that every machine has
        assert connection.getpeername()[1] == peer.port
        connection.close()
        with pytest.raises(ConnectionRefusedError):
            await line._open_first([nobody, nobody])  # noqa: SLF001 - likewise


async def test_what_the_socket_does_not_take_at_once_follows(peer: Peer) -> None:
    """The peer reads one whole answer, and the poll behind it."""
    peer.narrow()
    with a_line(peer) as line:
        heard = await polled(line, peer)
        assert not line._say()  # noqa: SLF001
        speaking = asyncio.create_task(line._speak())  # noqa: SLF001
        assert (await asyncio.to_thread(heard.expect_response, "id-1")).body == BODY
        await asyncio.to_thread(heard.expect_poll)
        await speaking


async def test_an_answer_that_was_lost_on_its_way_is_said_again(peer: Peer) -> None:
    """The rest is not sent on another connection: the whole is, once."""
    peer.narrow()
    with a_line(peer) as line:
        await polled(line, peer)
        assert not line._say()  # noqa: SLF001
        line.close()  # as when the peer has left
        with pytest.raises(ConnectionLost, match="in the middle of an answer") as lost:
            await line._speak()  # noqa: SLF001
        await line.recover(lost.value)
        speaking = asyncio.create_task(line._speak())  # noqa: SLF001
        again = await asyncio.to_thread(peer.accept)
        assert (await asyncio.to_thread(again.expect_response, "id-1")).body == BODY
        await speaking


async def test_a_connection_that_takes_nothing_may_still_have_something_to_say(peer: Peer) -> None:
    """What the peer said before it left is read before the connection is given up."""
    with a_line(peer) as line:
        await polled(line, peer)
        assert line._socket is not None  # noqa: SLF001
        line._socket.shutdown(socket.SHUT_WR)  # noqa: SLF001
        assert not line._say()  # noqa: SLF001
        await line._speak()  # noqa: SLF001
        assert line.conversation.interrupted


async def test_an_abandoned_line_opens_no_connection(peer: Peer) -> None:
    """Whatever there was to be said is not said."""
    with a_line(peer) as line:
        await polled(line, peer)
        line.abandon()
        assert not line._say()  # noqa: SLF001
        with pytest.raises(ConnectionLost, match="nothing is said any more"):
            await line._speak()  # noqa: SLF001
        assert peer.deserted()


async def test_a_peer_that_speaks_when_there_is_room_is_heard_once() -> None:
    """The first of two reasons to wake up counts, and the second is no error."""
    blocked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    wake(blocked, False)  # as the loop calls it, both in one turn
    wake(blocked, True)
    assert await blocked is False


async def test_who_is_told_to_leave_while_it_connects_asks_for_nothing(peer: Peer) -> None:
    """A poll that is sent might be answered, and nobody would be there."""
    with a_line(peer) as line:
        line.leaving = True
        assert not await line._speak()  # noqa: SLF001
        heard = peer.accept()
    assert heard.hung_up()


def test_a_wait_that_has_not_begun_needs_no_end(peer: Peer) -> None:
    """Without a connection there is nothing to hang up."""

    async def part() -> None:
        with a_line(peer) as line:
            line._part()  # noqa: SLF001

    asyncio.run(part())
    assert peer.deserted()
