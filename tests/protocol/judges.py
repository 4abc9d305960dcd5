"""Two independent HTTP/1.1 parsers, asked what they make of our bytes and of what we read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import h11
import httptools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Verdict(NamedTuple):
    """One message as a judge reads it; headers by lower-case name, of repeated ones the last."""

    start: tuple[bytes | int, ...]
    headers: dict[bytes, bytes]
    body: bytes


def h11_responses(pieces: Iterable[bytes]) -> list[Verdict]:
    """What h11's client side reads, given that it has asked as often as there are answers.

    Raises:
        h11.RemoteProtocolError: It finds the bytes invalid.
    """
    connection = h11.Connection(h11.CLIENT)
    verdicts: list[Verdict] = []
    _ask(connection)
    response: h11.Response | None = None
    body = b""
    for piece in pieces:
        connection.receive_data(piece)
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Response):
                response, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                assert response is not None
                verdicts.append(Verdict((response.status_code,), dict(response.headers), body))
                if connection.our_state is not h11.DONE:
                    return verdicts
                connection.start_next_cycle()
                _ask(connection)
    return verdicts


def _ask(connection: h11.Connection) -> None:
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())


def h11_requests(wire: bytes) -> list[Verdict]:
    """What h11's server side reads.

    Raises:
        h11.RemoteProtocolError: It finds the bytes invalid.
    """
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(wire)
    verdicts: list[Verdict] = []
    request: h11.Request | None = None
    body = b""
    while (event := connection.next_event()) is not h11.NEED_DATA:
        if isinstance(event, h11.Request):
            request, body = event, b""
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert request is not None
            verdicts.append(Verdict((request.method, request.target), dict(request.headers), body))
            connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            connection.send(h11.EndOfMessage())
            connection.start_next_cycle()
    return verdicts


def httptools_responses(pieces: Iterable[bytes]) -> list[Verdict]:
    """What httptools reads as a client.

    Raises:
        httptools.HttpParserError: It finds the bytes invalid.
    """
    ear = _Ear(lambda: (parser.get_status_code(),))
    parser = httptools.HttpResponseParser(ear)
    for piece in pieces:
        parser.feed_data(piece)
    return ear.verdicts


def httptools_requests(wire: bytes) -> list[Verdict]:
    """What httptools reads as a server.

    Raises:
        httptools.HttpParserError: It finds the bytes invalid.
    """
    ear = _Ear(lambda: (parser.get_method(), ear.url))
    parser = httptools.HttpRequestParser(ear)
    parser.feed_data(wire)
    return ear.verdicts


class _Ear:
    """Hears what httptools calls out, message by message."""

    def __init__(self, start: Callable[[], tuple[bytes | int, ...]]) -> None:
        self.start = start
        self.verdicts: list[Verdict] = []
        self.on_message_begin()

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers: dict[bytes, bytes] = {}
        self.body = b""
        self.in_head = True

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.in_head:  # not a trailer
            self.headers[name.lower()] = value.strip(b" \t")

    def on_headers_complete(self) -> None:
        self.in_head = False

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.verdicts.append(Verdict(self.start(), self.headers, self.body))
