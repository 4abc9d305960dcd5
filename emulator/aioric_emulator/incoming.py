"""The half of a connection that reads: bytes to requests, by httptools or by what is known of a head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httptools

from aioric_emulator.exchange import HttpExchange
from aioric_emulator.known_heads import KnownHeads
from aioric_emulator.messages import MAX_PAYLOAD
from aioric_emulator.piecemeal import Piecemeal

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable

    from aioric_emulator.exchange import Application

__all__ = ["MAX_KEPT", "Incoming"]

# Enough to say of every body whether it is over the platform's limit. What is more, is counted and dropped.
MAX_KEPT = MAX_PAYLOAD + 1
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
END = b"\r\n\r\n"


class Incoming(Piecemeal):
    """Reads requests, and puts them in line. What is no HTTP raises `httptools.HttpParserError`."""

    _waiting: deque[HttpExchange]

    def __init__(self, application: Application) -> None:
        super().__init__()
        self._parser = httptools.HttpRequestParser(self)
        # The request that is being read: its head while `_in_head` holds, then its body.
        self._reading = HttpExchange(self)
        self._url = b""
        self._chunks: list[bytes] = []
        self._in_head = True
        self._head_size = 0
        self._is_oversized = False
        # Whether the next byte is the first of a request.
        self._at_boundary = True
        # Not every application wants to see a request before its body.
        self._opened: Callable[[HttpExchange], None] | None = getattr(application, "opened", None)
        # Nor wants every one to see headers as they came, which the known heads do not keep.
        self._keeps_fields: bool = getattr(application, "keeps_fields", False)
        self._fields: list[tuple[str, str]] = []
        self.known_heads = None if self._keeps_fields else KnownHeads()

    def _read(self, data: bytes) -> None:
        known = self.known_heads
        if known is None or not self._at_boundary:
            self._parse(data)
            return
        while data and self._at_boundary:
            exchange = HttpExchange(self)
            found = known.find(data, exchange)
            if found is None:
                break
            exchange.known = found
            self._take(exchange, data[found.size : found.size + found.length])
            data = data[found.size + found.length :]
        if not data:
            return
        if known.is_learning and self._at_boundary:
            self._learn(known, data)
        elif known.poll and data.endswith(known.poll) and len(data) > len(known.poll):
            self._parse(data[: -len(known.poll)])
            self._read(known.poll)
        else:
            self._parse(data)

    def _take(self, exchange: HttpExchange, body: bytes) -> None:
        self._reading = exchange
        self._chunks = []
        self._in_head = False
        if self._opened is not None:
            self._opened(exchange)
        if body:
            self.on_body(body)
        self.on_message_complete()

    def _learn(self, known: KnownHeads, data: bytes) -> None:
        # In two pieces, so that it is certain where the head ends.
        end = data.find(END) + len(END)
        if end < len(END):
            self._parse(data)
            return
        before = self._reading
        self._parse(data[: end - 1])
        is_head = self._in_head and self._reading is not before and data[:1].isalpha()
        self._parse(data[end - 1 : end])
        if is_head and (not self._in_head or self._at_boundary):
            known.learn(data[:end], self._reading)
        if end < len(data):
            self._read(data[end:])

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            # Nothing here upgrades. Java's client asks for h2c with its first request, and goes on in
            # HTTP/1.1 when it is answered so; hence the rest is parsed as if it had not asked.
            self._parser = httptools.HttpRequestParser(self)
            rest = data[upgrade.args[0] :]
            if rest:
                self._parse(rest)

    # What the parser calls…

    def on_message_begin(self) -> None:
        """Start a request."""
        self._reading = HttpExchange(self)
        self._url = b""
        self._chunks = []
        self._in_head = True
        self._head_size = 0
        self._at_boundary = False

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
        if exchange.headers.get("expect", "").lower() == "100-continue" and self.current is None:
            self._send(CONTINUE)

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
        self._at_boundary = self._reading.keep_alive
