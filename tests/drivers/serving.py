"""A driver at work in a thread, with the real function side and a handler of the test's."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import uvloop

from aioric.config import Config
from aioric.drivers import blocking, eventloop
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.logs.journal import Journal
from aioric.logs.sinks import StandardSink
from aioric.protocol.conversation import Conversation
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import PATIENCE, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    Handler = Callable[[Any, Any], Any]


class Gate:
    """Holds a handler until the test lets it go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self._opened = threading.Event()

    def pass_through(self) -> None:
        """Called by a handler: say that it is here, and wait."""
        self.entered.set()
        assert self._opened.wait(PATIENCE), "nobody opened the gate"

    def await_arrival(self) -> None:
        """Wait until the handler is here."""
        assert self.entered.wait(PATIENCE), "the handler was not called"

    def open(self) -> None:
        """Let it go."""
        self._opened.set()


class Driver:
    """One of the drivers, by name.

    Args:
        name: "blocking", or the event loop's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_async = name != "blocking"

    def serving(self, peer: Peer, handler: Handler, *, pipeline: bool = True, lanes: int = 1) -> Serving:
        """Start serving; leave the context to end it."""
        return Serving(self, peer, handler, pipeline=pipeline, lanes=lanes)


class Serving:
    """A driver that runs in a thread until the platform ends it.

    Attributes:
        outcome: What it ended with.
    """

    def __init__(self, driver: Driver, peer: Peer, handler: Handler, *, pipeline: bool, lanes: int) -> None:
        self._driver = driver
        self._peer = peer
        self._handler = handler
        self._pipeline = pipeline
        self._lanes = lanes
        self._config = Config({"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{peer.port}"}, "app.handler")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.outcome: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the driver the way the platform does: with a 500 to whatever it asks."""
        deadline = time.monotonic() + PATIENCE
        while self._thread.is_alive():
            if not self._peer.dismiss():
                self._thread.join(0.02)
            assert time.monotonic() < deadline, "the driver does not end"

    def ended(self) -> BaseException | None:
        """Wait until the driver has ended by itself; returns what it raised."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the driver does not end"
        return self.outcome

    def _run(self) -> None:
        try:
            if self._driver.is_async:
                self._run_loop()
            else:
                self._run_blocking()
        except BaseException as error:  # noqa: BLE001 - also what ends a process
            self.outcome = error

    def _run_blocking(self) -> None:
        conversation = self._conversation()
        line = blocking.Line(self._config.host, self._config.port, conversation, self._journal(alone=True))
        try:
            blocking.serve(line, self._function(alone=True).run, conversation)
        finally:
            line.close()

    def _run_loop(self) -> None:
        loop = uvloop.new_event_loop() if self._driver.name == "uvloop" else asyncio.new_event_loop()
        alone = self._lanes == 1
        function = self._function(alone=alone)
        conversations = [self._conversation() for _ in range(self._lanes)]
        try:
            loop.run_until_complete(
                eventloop.serve(
                    function, self._config.host, self._config.port, conversations, self._journal(alone=alone)
                )
            )
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    def _conversation(self) -> Conversation:
        return Conversation(RuntimeApi(self._config.runtime_api, "test"), pipeline=self._pipeline)

    def _journal(self, *, alone: bool) -> Journal:
        return Journal(self._config, Identity(alone=alone), StandardSink())

    def _function(self, *, alone: bool) -> Function:
        identity = Identity(alone=alone)
        journal = Journal(self._config, identity, StandardSink())
        codec = Codec(ascii_json=True)
        handler = self._as_coroutine if self._driver.is_async else self._handler
        return Function(handler, self._config, codec, identity, TraceId(identity), journal, asyncio.run)

    async def _as_coroutine(self, event: Any, context: Any) -> Any:
        """The same handler for an event loop; one that waits at a gate gets a thread to wait in."""
        if inspect.iscoroutinefunction(self._handler):
            return await self._handler(event, context)
        if hasattr(self._handler, "waits"):
            return await asyncio.to_thread(self._handler, event, context)
        return self._handler(event, context)


def waiting(handler: Handler) -> Handler:
    """Mark a handler that blocks its thread."""
    setattr(handler, "waits", True)  # noqa: B010 - a mark on a function, of which mypy knows nothing
    return handler
