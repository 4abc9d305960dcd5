"""One HTTP/1.1 connection: bytes to requests, one at a time and in order, and answers to bytes.

Callbacks all the way: no task is made for a request. Parsing is httptools', on purpose not the runtime's
own codec, so that a fault in the one cannot hide behind the same fault in the other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from aioric_emulator.answers import INTERNAL_ERROR, TEXT
from aioric_emulator.exchange import HttpExchange, render
from aioric_emulator.messages import MAX_PAYLOAD, Answer
from aioric_emulator.piecemeal import Piecemeal

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.exchange import Application

__all__ = ["Connection"]

# The limit of Go's server, which the platform runs.
MAX_HEAD = 1024 * 1024
# Enough to say of every body whether it is over the platform's limit. What is more, is counted and dropped.
MAX_KEPT = MAX_PAYLOAD + 1
# How long, in seconds, a peer that still sends may take to read its last answer.
LINGER = 0.5
# Requests a peer may send ahead of its answers before it is no longer read.
MAX_AHEAD = 32

BAD_REQUEST = Answer(400, (TEXT,), b"400 Bad Request")
HEAD_TOO_LARGE = Answer(431, (TEXT,), b"431 Request Header Fields Too Large")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(Piecemeal, asyncio.Protocol):
    """The server's end of one connection."""

    def __init__(self, application: Application, on_lost: Callable[[Connection], None]) -> None:
        self._application = application
        self._on_lost = on_lost
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        # The request that is being read: its head while `_in_head` holds, then its body.
        self._reading = HttpExchange(self)
        self._url = b""
        self._chunks: list[bytes] = []
        self._in_head = True
        self._head_size = 0
        self._takes_input = True
        self._waiting: deque[HttpExchange] = deque()
        self._current: HttpExchange | None = None
        self._is_serving = False
        self._is_writable = True
        self._is_paused = False
        self._is_oversized = False
        # Not every application wants to see a request before its body.
        self._opened: Callable[[HttpExchange], None] | None = getattr(application, "opened", None)
        # Nor wants every one to see headers as they came, and to answer faults in its own words.
        self._keeps_fields: bool = getattr(application, "keeps_fields", False)
        self._fields: list[tuple[str, str]] = []
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
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse, and serve the requests that are complete."""
        if not self._takes_input:
            return
        self._feed(data)
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._fail(HEAD_TOO_LARGE)
        if self._is_oversized:
            self._end_early()
        if len(self._waiting) > MAX_AHEAD:
            self._transport.pause_reading()
        self._serve()

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Nothing here upgrades. Java's client asks for h2c with its first request, and goes on in
            # HTTP/1.1 when it is answered so; hence the rest is parsed as if it had not asked.
            self._parser = httptools.HttpRequestParser(self)
            rest = data[upgrade.args[0] :]
            if rest:
                self._feed(rest)
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
        if self._current is None:
            return False
        if self._application.disconnected(self._current):
            return True
        self._current = None
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why it was lost changes nothing
        """The connection is gone, in whatever state."""
        if self._linger is not None:
            self._linger.cancel()
        self._truncate()
        self._waiting.clear()
        self._takes_input = False
        current, self._current = self._current, None
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
        if self._current is not None and self._current.on_room is not None:
            self._current.on_room(has_room)

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

    # …what the parser calls…

    def on_message_begin(self) -> None:
        """Start a request."""
        self._reading = HttpExchange(self)
        self._url = b""
        self._chunks = []
        self._in_head = True
        self._head_size = 0

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or, after the body, a trailer."""
        exchange = self._reading
        fields = exchange.headers if self._in_head else exchange.trailers
        key = name.decode("latin-1").lower()
        # The parser leaves the white space behind a value to us.
        text = value.rstrip(b" \t").decode("utf-8", "surrogateescape")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
        if self._keeps_fields and self._in_head:
            self._fields.append((name.decode("latin-1"), text))

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_head = False
        exchange = self._reading
        exchange.method = self._parser.get_method().decode("latin-1")
        exchange.target = self._url.decode("utf-8", "surrogateescape")
        exchange.keep_alive = self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
        if self._keeps_fields:
            exchange.fields, self._fields = self._fields, []
            if peer := self._transport.get_extra_info("peername"):
                exchange.peer = peer[0]
        if self._opened is not None:
            self._opened(exchange)
        if exchange.headers.get("expect", "").lower() == "100-continue" and self._current is None:
            self._transport.write(CONTINUE)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body."""
        exchange = self._reading
        if exchange.relay is not None:
            exchange.size += len(data)
            if not exchange.relay.piece(data, exchange.size):
                self._is_oversized = True
            return
        if exchange.size < MAX_KEPT:
            self._chunks.append(data[: MAX_KEPT - exchange.size])
        exchange.size += len(data)

    def on_message_complete(self) -> None:
        """Put the request in line."""
        chunks = self._chunks
        self._reading.body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        self._waiting.append(self._reading)
        self._in_head = True
        self._head_size = 0

    # …and what is done with complete requests.

    def _serve(self) -> None:
        # Not reentrant: an answer given within `handle` returns to this loop instead of nesting.
        if self._is_serving:
            return
        self._is_serving = True
        try:
            while self._waiting and self._current is None and self._is_writable:
                self._current = self._waiting.popleft()
                self._handle(self._current)
        finally:
            self._is_serving = False
        if self._takes_input and not self._waiting and not self._is_paused:
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
        if exchange is not self._current:
            return
        if not self._transport.is_closing():
            self._transport.write(render(answer, keep_alive=exchange.keep_alive, method=exchange.method))
        self._go_on(exchange)

    def _go_on(self, exchange: HttpExchange) -> None:
        self._current = None
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
        self._transport.write_eof()
        self._transport.resume_reading()
        self._linger = asyncio.get_running_loop().call_later(LINGER, self._transport.close)

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()
