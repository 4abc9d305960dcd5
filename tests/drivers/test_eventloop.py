"""How the event loop's driver ends when its environment does, and where two things happen at once."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aioric.drivers import eventloop
from aioric.drivers.around import Around
from aioric.drivers.lanes import Lane
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import accepted, event
from tests.lifecycle.journals import Lines, config, journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.drivers.peer import Peer


class Ending(Around):
    """An environment whose time is over as soon as a handler has begun; it says so twice."""

    __slots__ = ("leave",)

    leave: Callable[[], object]

    def await_shutdown(self, leave: Callable[[], object], interrupt: Callable[[], object] | None) -> None:  # noqa: ARG002 - the signature
        """Keep what makes the driver leave."""
        self.leave = leave

    @property
    def patience(self) -> float | None:
        """There is no time left."""
        return 0.0


def a_function(handler: Callable[..., Any], around: Around) -> Function:
    """A handler, with all it takes to serve it."""
    identity, lines = Identity(alone=True), journal(Lines())
    trace_id = TraceId(identity)
    return Function(handler, config(), Codec(ascii_json=True), identity, trace_id, lines, asyncio.run, around)


class Interrupting(Around):
    """An environment that keeps what ends what is being served."""

    __slots__ = ("interrupt", "leave")

    leave: Callable[[], object]
    interrupt: Callable[[], object]

    def await_shutdown(self, leave: Callable[[], object], interrupt: Callable[[], object] | None) -> None:
        """Keep both."""
        assert interrupt is not None
        self.leave, self.interrupt = leave, interrupt


def test_only_what_is_being_served_is_interrupted(peer: Peer) -> None:
    """When the time runs out a handler is cancelled, and its failure answered; idle lanes just leave."""
    around = Interrupting(config(), journal(Lines()), asyncio.run)

    async def handler(_event: Any, _context: Any) -> None:
        around.leave()
        around.interrupt()
        await asyncio.Event().wait()

    async def serve() -> None:
        api = RuntimeApi(f"127.0.0.1:{peer.port}", "test")
        conversations = [Conversation(api, pipeline=True) for _ in range(2)]
        function = a_function(handler, around)
        serving = asyncio.create_task(
            eventloop.serve(function, "127.0.0.1", peer.port, conversations, journal(Lines()))
        )
        busy, idle = await asyncio.to_thread(peer.accept), await asyncio.to_thread(peer.accept)
        for line in (busy, idle):
            await asyncio.to_thread(line.expect_poll)
        busy.send(event("id-1"))
        assert b"CancelledError" in (await asyncio.to_thread(busy.expect_error, "id-1")).body
        busy.send(accepted())
        assert await asyncio.to_thread(idle.hung_up)
        await serving

    asyncio.run(serve())


def test_a_loop_that_is_stopped_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is served is served to its end, the log says why it is not sooner; its own errors are raised."""
    monkeypatch.delitem(sys.modules, "logging")  # which pytest has loaded, and a function may not
    lines = Lines()
    loop = asyncio.new_event_loop()
    done: list[str] = []

    async def stopping() -> None:
        loop.stop()
        await asyncio.sleep(0)
        done.append("served")

    async def failing() -> None:
        raise RuntimeError("its own")

    eventloop.run(loop, stopping(), journal(lines))
    assert done == ["served"]
    (record,) = lines.lines
    assert "has stopped the event loop" in record
    with pytest.raises(RuntimeError, match="its own"):
        eventloop.run(loop, failing(), journal(lines))
    loop.close()


def test_a_lane_that_is_told_to_leave_while_it_connects_asks_for_nothing(peer: Peer) -> None:
    """It ends without a poll, for which nobody would be there."""

    class Leaving(Lane):
        """Told so at the worst moment."""

        async def _connection(self) -> Any:
            connection = await super()._connection()
            self.leaving = True
            return connection

    async def serve() -> None:
        conversation = Conversation(RuntimeApi(f"127.0.0.1:{peer.port}", "test"), pipeline=True)
        function = a_function(asyncio.sleep, Around(config(), journal(Lines()), asyncio.run))
        lane = Leaving(function, "127.0.0.1", peer.port, conversation, journal(Lines()))
        assert await lane.serve() is None
        lane.close()

    asyncio.run(serve())
    assert peer.accept().hung_up()


def test_an_event_that_has_arrived_when_a_lane_is_told_to_leave_is_served(peer: Peer) -> None:
    """Though nobody has looked at it yet: its caller waits. Then the lane ends."""

    async def handler(event: Any, _context: Any) -> Any:
        return event

    async def serve() -> None:
        conversation = Conversation(RuntimeApi(f"127.0.0.1:{peer.port}", "test"), pipeline=True)
        function = a_function(handler, Around(config(), journal(Lines()), asyncio.run))
        lane = Lane(function, "127.0.0.1", peer.port, conversation, journal(Lines()))
        serving = asyncio.create_task(lane.serve())
        line = await asyncio.to_thread(peer.accept)
        await asyncio.to_thread(line.expect_poll)
        line.send(event("id-1"))
        lane.leave()
        assert (await asyncio.to_thread(line.expect_response, "id-1")).body == b"{}"
        line.send(accepted())
        assert await serving is None
        assert line.silent()
        lane.close()

    asyncio.run(serve())


def test_what_is_served_when_the_time_is_over_is_left(peer: Peer) -> None:
    """The driver waits for no handler then, and says nothing more; being told twice is as good as once."""
    around = Ending(config(), journal(Lines()), asyncio.run)
    begun: list[Any] = []
    ended: list[Any] = []

    async def handler(event: Any, _context: Any) -> None:
        begun.append(event)
        around.leave()
        around.leave()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(event)

    function = a_function(handler, around)

    async def serve() -> None:
        conversation = Conversation(RuntimeApi(f"127.0.0.1:{peer.port}", "test"), pipeline=True)
        serving = asyncio.create_task(
            eventloop.serve(function, "127.0.0.1", peer.port, [conversation], journal(Lines()))
        )
        line = await asyncio.to_thread(peer.accept)
        await asyncio.to_thread(line.expect_poll)
        line.send(event("id-1"))
        assert await asyncio.to_thread(line.hung_up)
        await serving

    asyncio.run(serve())
    assert begun == ended == [{}]
    assert peer.deserted()
