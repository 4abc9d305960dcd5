"""One HTTP/1.1 connection: bytes to requests, one at a time and in order, and answers to bytes.

Callbacks all the way: no task is made for a request. Parsing is httptools', on purpose not the runtime's
own codec, so that a fault in the one cannot hide behind the same fault in the other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

import httptools

from aioric_emulator.answers import INTERNAL_ERROR, TEXT
from aioric_emulator.exchange import HttpExchange, render
from aioric_emulator.incoming import Incoming
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.exchange import Application
    from aioric_emulator.plain_invocation import PlainInvocation
    from aioric_emulator.warm_lines import WarmCaller

__all__ = ["Connection"]

# The limit of Go's server, which the platform runs.
MAX_HEAD = 1024 * 1024
# How long, in seconds, a peer that still sends may take to read its last answer.
LINGER = 0.5
# Requests a peer may send ahead of its answers before it is no longer read.
MAX_AHEAD = 32

BAD_REQUEST = Answer(400, (TEXT,), b"400 Bad Request")
HEAD_TOO_LARGE = Answer(431, (TEXT,), b"431 Request Header Fields Too Large")


class Shortcut(Protocol):
    """Who takes a request, head and body, that is like the last one."""

    def take(self, data: bytes) -> bool:
        """Take it; give whether it was."""

    def expect(self, invocation: PlainInvocation, call: WarmCaller) -> None:
        """Wait for the answer to an invocation, where answers come this way."""


class Connection(Incoming, asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, application: Application, on_lost: Callable[[Connection], None]) -> None:
        super().__init__(application)
        self._application = application
        self._on_lost = on_lost
        self._takes_input = True
        self._is_aborted = False
        # Whoever knows what a request that is like the last one means is asked before the parser.
        self.shortcut: Shortcut | None = None
        self._waiting: deque[HttpExchange] = deque()
        # What is being answered; a shortcut that takes a request sets it.
        self.current: HttpExchange | None = None
        self._is_serving = False
        self._is_writable = True
        self._is_paused = False
        # It has sent so much ahead that it is not read for now.
        self._is_ahead = False
        self._translate: Callable[[Answer], Answer] | None = getattr(application, "translate_fault", None)
        self._linger: asyncio.TimerHandle | None = None

    @property
    def peer_port(self) -> int:
        """The port at the other end."""
        port: int = self._transport.get_extra_info("peername")[1]
        return port

    # What the transport calls…

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's transports are none of asyncio's class, and do the same.
        self._opened_transport(cast("asyncio.Transport", transport))
        if self._is_aborted:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse, and serve the requests that are complete."""
        if not self._takes_input:
            return
        shortcut = self.shortcut
        if shortcut is not None and self.current is None and self._at_boundary and self._is_writable:  # noqa: SIM102 - one line each
            if shortcut.take(data):
                return
        self._feed(data)
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._fail(HEAD_TOO_LARGE)
        if self._is_oversized:
            self._end_early()
        if len(self._waiting) > MAX_AHEAD:
            self._is_ahead = True
            self._transport.pause_reading()
        self._serve()

    def _feed(self, data: bytes) -> None:
        try:
            self._read(data)
        except httptools.HttpParserError:
            if self._in_head:
                self._fail(BAD_REQUEST)
            else:
                self._truncate()
                self._takes_input = False

    def eof_received(self) -> bool:
        """The peer sends no more. A request in progress is still answered; half a request is truncated."""
        self._truncate()
        self._takes_input = False
        if self.current is None:
            return False
        if self._application.disconnected(self.current):
            return True
        self.current = None
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it was lost changes nothing
        """The connection is gone, in whatever state."""
        if self._linger is not None:
            self._linger.cancel()
        self._closed_transport()
        self._truncate()
        self._waiting.clear()
        self._takes_input = False
        current, self.current = self.current, None
        if current is not None:
            self._application.disconnected(current)
        self._on_lost(self)

    def pause_writing(self) -> None:
        """Serve nothing more to a peer that does not read."""
        self._is_writable = False
        self._tell_room(has_room=False)

    def resume_writing(self) -> None:
        """Go on."""
        self._is_writable = True
        self._tell_room(has_room=True)
        self._serve()

    def _tell_room(self, *, has_room: bool) -> None:
        if self.current is not None and self.current.on_room is not None:
            self.current.on_room(has_room)

    def _truncate(self) -> None:
        # The body that broke off is the application's to judge: a runtime's response ends its invocation.
        if self._in_head or not self._takes_input:
            return
        exchange = self._reading
        exchange.is_truncated = True
        exchange.keep_alive = False
        exchange.body = b"".join(self._chunks)
        self._waiting.append(exchange)
        self._serve()

    def _end_early(self) -> None:
        # What is over the limit is answered at once, however much more of it would come.
        if self._takes_input and not self._in_head:
            self._takes_input = False
            self._reading.keep_alive = False
            self._waiting.append(self._reading)

    def _fail(self, answer: Answer) -> None:
        self._takes_input = False
        exchange = HttpExchange(self)
        exchange.fault = answer
        exchange.keep_alive = False
        self._waiting.append(exchange)

    # …and what is done with complete requests.

    def _serve(self) -> None:
        # Not reentrant: an answer given within `handle` returns to this loop instead of nesting.
        if self._is_serving:
            return
        self._is_serving = True
        try:
            while self._waiting and self.current is None and self._is_writable:
                self.current = self._waiting.popleft()
                self._handle(self.current)
        finally:
            self._is_serving = False
        if self._takes_input and self._is_ahead and not self._waiting and not self._is_paused:
            self._is_ahead = False
            self._transport.resume_reading()

    def _handle(self, exchange: HttpExchange) -> None:
        if exchange.fault is not None:
            self._reply_fault(exchange, exchange.fault)
            return
        try:
            self._application.handle(exchange)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not reach a peer as anything but a 500
            context = {"message": "A request of the emulator failed", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
            self._reply_fault(exchange, INTERNAL_ERROR)

    def _reply_fault(self, exchange: HttpExchange, answer: Answer) -> None:
        exchange.reply(answer if self._translate is None else self._translate(answer))

    def reply(self, exchange: HttpExchange, answer: Answer) -> None:
        """Send an exchange's answer, and serve the next request."""
        if exchange is not self.current:
            return
        if not self._transport.is_closing():
            data = render(answer, keep_alive=exchange.keep_alive, method=exchange.method)
            if self._waiting and exchange.keep_alive:
                self.hold(data)
            else:
                self._send(data)
        self._go_on(exchange)

    def send(self, exchange: HttpExchange, data: bytes, *, at_once: bool) -> None:
        """Send an exchange's answer, which is bytes already, and serve the next request.

        `at_once`: before this returns, as far as there is room, and not with what else this turn brings.
        """
        if exchange is not self.current:
            return
        if self._takes_input and not self._waiting:
            self.current = None
            if at_once:
                self._send_now(data)
            else:
                self._send(data)
            return
        if not self._transport.is_closing():
            self._send(data)
        self._go_on(exchange)

    def _go_on(self, exchange: HttpExchange) -> None:
        self.current = None
        if exchange.keep_alive and (self._takes_input or self._waiting):
            self._serve()
        else:
            self.close()

    def close(self) -> None:
        """Close once what is written has been sent, and the peer has had time to read it.

        A connection that is closed with unread input is reset, and the reset may overtake the answer.
        """
        self._waiting.clear()
        self._takes_input = False
        if self._linger is not None or self._transport.is_closing():
            return
        if self._held:
            self._send(b"")
        # asyncio raises where the peer has gone altogether; uvloop does not.
        with suppress(OSError):
            self._transport.write_eof()
        self._transport.resume_reading()
        self._linger = asyncio.get_running_loop().call_later(LINGER, self._transport.close)

    def abort(self) -> None:
        """Close at once. uvloop asks for a connection one turn before it makes it: then that is its end."""
        self._is_aborted = True
        if hasattr(self, "_transport"):
            self._descriptor = -1
            self._transport.abort()
