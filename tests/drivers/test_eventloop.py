"""How the event loop's driver ends when its environment does, and where two things happen at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aioric.drivers import eventloop
from aioric.drivers.around import Around
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import event
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

    identity = Identity(alone=True)
    function = Function(
        handler,
        config(),
        Codec(ascii_json=True),
        identity,
        TraceId(identity),
        journal(Lines()),
        asyncio.run,
        around,
    )

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
