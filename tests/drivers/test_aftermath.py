"""A lane of the event loop that has something to do between an answer and the next poll."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from aioric.drivers import eventloop
from aioric.drivers.around import Around
from aioric.errors import PlatformRefused
from aioric.function.payload import Codec
from aioric.function.responses import StreamingResponse
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import PATIENCE, accepted, event, http
from tests.lifecycle.journals import Lines, config, journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.drivers.peer import Peer
    from tests.drivers.serving import Gate, Handler


class Serving:
    """Lanes that run in a thread until the platform ends them.

    Attributes:
        outcome: What they ended with.
    """

    def __init__(self, peer: Peer, handler: Handler, lanes: int) -> None:
        self._address = "127.0.0.1", peer.port
        self._handler = handler
        self._lanes = lanes
        self.outcome: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ended(self) -> BaseException | None:
        """Wait until they have ended; returns what they ended with."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the driver does not end"
        return self.outcome

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except PlatformRefused as error:
            self.outcome = error

    async def _serve(self) -> None:
        host, port = self._address
        runtime_api = f"{host}:{port}"
        settings = config(AWS_LAMBDA_RUNTIME_API=runtime_api, AIORIC_DEADLINE_MARGIN_MS="0")
        heard, identity = journal(Lines()), Identity(alone=self._lanes == 1)
        around = Around(settings, heard, asyncio.run)
        codec = Codec(ascii_json=True)
        function = Function(
            self._handler, settings, codec, identity, TraceId(identity), heard, asyncio.run, around
        )
        api = RuntimeApi(runtime_api, "test")
        conversations = [Conversation(api, pipeline=True) for _ in range(self._lanes)]
        await eventloop.serve(function, host, port, conversations, heard)


def test_work_follows_a_stream_and_the_poll_follows_the_work(peer: Peer, gate: Gate) -> None:
    """The poll that would have followed the stream is taken back until the work is done."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def handler(_event: Any, context: Any) -> Any:
        context.background(asyncio.to_thread(gate.pass_through))
        return StreamingResponse(pieces())

    serving = Serving(peer, handler, lanes=1)
    line = peer.accept()
    line.expect_poll()
    line.send(event("id-1"))
    assert line.expect_response("id-1").body.endswith(b"onetwo")
    line.send(accepted())
    gate.await_arrival()
    assert peer.deserted()
    gate.open()
    line = peer.accept()
    line.expect_poll()
    line.send(http(500))

    assert isinstance(serving.ended(), PlatformRefused)


def test_a_lane_that_leaves_finishes_its_work_and_polls_no_more(peer: Peer, gate: Gate) -> None:
    """When another lane has ended meanwhile, what was left to be done is done, and that is the end."""

    async def handler(given: Any, context: Any) -> Any:
        context.background(asyncio.to_thread(gate.pass_through))
        return given

    serving = Serving(peer, handler, lanes=2)
    working, refused = peer.accept(), peer.accept()
    working.expect_poll()
    refused.expect_poll()
    working.send(event("id-1", b"[1]"))
    assert working.expect_response("id-1").body == b"[1]"
    working.send(accepted())
    gate.await_arrival()
    refused.send(http(500))
    assert refused.hung_up()  # so the driver knows
    gate.open()

    assert isinstance(serving.ended(), PlatformRefused)
    assert working.hung_up()
