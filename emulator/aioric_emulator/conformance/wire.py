"""The platform's end of the wire, played line by line: any number of connections, requests in any of them.

Requests are parsed by httptools, not by a reader of ours that a runtime of ours might share a fault with.
"""

from __future__ import annotations

import select
import selectors
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["PATIENCE", "Line", "NonconformantError", "Request", "Wire", "check", "event", "http"]

# Seconds for what must happen, and for what must not.
PATIENCE = 15.0
SILENCE = 0.15
# How long to wait before a look at the process.
GLANCE = 0.2

RUNTIME = "/2018-06-01/runtime"
NEXT = f"{RUNTIME}/invocation/next"
TRACE_ID = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


class NonconformantError(Exception):
    """The runtime did something else than what the contract says; the message says what."""


def check(condition: object, otherwise: str) -> None:
    """Go on if something holds. Raises `NonconformantError`."""
    if not condition:
        raise NonconformantError(otherwise)


@dataclass(eq=False)
class Request:
    """A request that has arrived whole; header names in lower case."""

    line: Line
    method: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    trailers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def kind(self) -> str:
        """What is asked, without the id: `next`, `response`, `error`, `init/error`, and so on."""
        path = self.path.removeprefix(f"{RUNTIME}/")
        return path.rpartition("/")[2] if path.startswith("invocation/") else path

    @property
    def request_id(self) -> str:
        """Which invocation an answer is for."""
        return self.path.split("/")[-2]

    def reply(self, *pieces: bytes) -> None:
        """Answer, each piece in a segment of its own."""
        self.line.send(*pieces)


def http(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """Give an answer with a length."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


ACCEPTED = http(202, b'{"status":"OK"}\n', {"Content-Type": "application/json"})


def event(request_id: str, payload: bytes = b"{}", headers: Mapping[str, str | None] | None = None) -> bytes:
    """Give the answer to a poll that carries an event. A header that is None is left out."""
    facts: dict[str, str | None] = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": request_id,
        "Lambda-Runtime-Invoked-Function-Arn": ARN,
        "Lambda-Runtime-Deadline-Ms": str(int((time.time() + 60) * 1000)),
        "Lambda-Runtime-Trace-Id": TRACE_ID,
    }
    facts |= headers or {}
    return http(200, payload, {name: value for name, value in facts.items() if value is not None})


class Line:
    """One connection from the runtime."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = connection
        self.requests: deque[Request] = deque()
        self.is_open = True
        self._parser = httptools.HttpRequestParser(self)
        self._in_body = False

    def read(self) -> bool:
        """Take what has arrived; whether the runtime's end is still open."""
        try:
            data = self.socket.recv(1 << 20)
        except OSError:
            data = b""
        if not data:
            self.close()
            return False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise NonconformantError(f"what it sent is not HTTP: {error}") from None
        return True

    def send(self, *pieces: bytes) -> None:
        """Send each piece in a segment of its own."""
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except OSError as error:
            raise NonconformantError(f"it closed the connection before it had its answer: {error}") from None

    def send_slowly(self, data: bytes, sizes: Iterable[int]) -> None:
        """Send the data in segments of these sizes, and the rest in one."""
        for size in sizes:
            self.send(data[:size])
            data = data[size:]
        self.send(data)

    def close(self) -> None:
        """Close in peace."""
        self.is_open = False
        self.socket.close()

    def reset(self) -> None:
        """Close with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    # What httptools calls.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._request = Request(self)
        self._pieces: list[bytes] = []
        self._in_body = False

    def on_url(self, url: bytes) -> None:
        """Take a piece of its path."""
        self._request.path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or trailer."""
        fields = self._request.trailers if self._in_body else self._request.headers
        fields[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Go on to the body."""
        self._in_body = True
        self._request.method = self._parser.get_method().decode()

    def on_body(self, body: bytes) -> None:
        """Take a piece of it."""
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """Put the request in line."""
        self._request.body = b"".join(self._pieces)
        self.requests.append(self._request)


class Wire:
    """A listener on loopback with all its connections."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        self.port: int = self._listener.getsockname()[1]
        self.lines: list[Line] = []
        # Whether the process that talks to this wire has ended, so that nothing more can come.
        self.is_deserted: Callable[[], bool] = lambda: False
        self._requests: deque[Request] = deque()

    def close(self) -> None:
        """Stop listening, and close every connection."""
        self._selector.close()
        self._listener.close()
        for line in self.lines:
            line.close()

    def limit_buffer(self) -> None:
        """Have little room for what runtimes write on connections from now on."""
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def poll(self, seconds: float) -> bool:
        """Take what arrives within so many seconds; whether there is a request."""
        end = time.monotonic() + seconds
        while not self._requests:
            left = end - time.monotonic()
            if left <= 0:
                return False
            arrived = self._selector.select(min(left, GLANCE))
            for key, _ in arrived:
                self._take(key)
            if not arrived and self.is_deserted():
                return bool(self._requests)
        return True

    def _take(self, key: selectors.SelectorKey) -> None:
        if key.data is None:
            connection, _ = self._listener.accept()
            line = Line(connection)
            self.lines.append(line)
            self._selector.register(connection, selectors.EVENT_READ, line)
            return
        line = key.data
        if not line.is_open:
            self._selector.unregister(key.fileobj)
            return
        descriptor = key.fileobj
        if not line.read():
            self._selector.unregister(descriptor)
        self._requests += line.requests
        line.requests.clear()

    def request(self, *kinds: str, seconds: float = PATIENCE) -> Request:
        """Give the next request, which has to be one of these kinds."""
        if not self.poll(seconds):
            why = "and its process has ended" if self.is_deserted() else f"within {seconds:g} s"
            raise NonconformantError(f"it did not ask for {' or '.join(kinds)} {why}")
        request = self._requests.popleft()
        check(request.kind in kinds, f"it asked for {request.kind}, not for {' or '.join(kinds)}")
        return request

    def let_go(self, line: Line) -> None:
        """Watch a connection no longer, and leave it to the caller."""
        self._selector.unregister(line.socket)

    def interrupt(self, line: Line) -> None:
        """Wait for what comes next, here or on a new connection; read a little of it, and reset both."""
        self.let_go(line)
        ready, _, _ = select.select([line.socket, self._listener], [], [], PATIENCE)
        check(ready, f"it sent nothing within {PATIENCE:g} s")
        answering = line
        if self._listener in ready:
            connection, _ = self._listener.accept()
            answering = Line(connection)
            self.lines.append(answering)
            line.reset()
        answering.socket.recv(100)
        answering.reset()

    def is_silent(self) -> bool:
        """Whether nothing is asked for a while."""
        return not self.poll(SILENCE)
