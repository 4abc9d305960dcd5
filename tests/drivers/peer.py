"""A Runtime API played by the test, line by line, over real loopback sockets.

The test is the script: it accepts, reads a request, answers in whatever pieces it likes, closes or
resets. Nothing here waits for longer than `PATIENCE`, and requests are parsed by httptools, not by
our own reader.
"""

from __future__ import annotations

import select
import socket
import struct
from typing import TYPE_CHECKING, NamedTuple, Self

import httptools

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE = 10.0  # seconds, for what must happen
SILENCE = 0.05  # seconds, for what must not
SMALL_SEGMENT = 536  # bytes, the smallest that every TCP must take (RFC 9293, 3.7.1)
SMALL_BUFFER = 4096  # bytes

NEXT = "/2018-06-01/runtime/invocation/next"
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"


class Request(NamedTuple):
    """A request that has arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def response_path(request_id: str) -> str:
    """Where the answer to an event goes."""
    return f"/2018-06-01/runtime/invocation/{request_id}/response"


def error_path(request_id: str) -> str:
    """Where the failure of an event goes."""
    return f"/2018-06-01/runtime/invocation/{request_id}/error"


def http(
    status: int, body: bytes = b"", *, close: bool = False, headers: dict[str, str] | None = None
) -> bytes:
    """A response with a length."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += ["Connection: close"] if close else []
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def event(
    request_id: str, payload: bytes = b"{}", *, close: bool = False, headers: dict[str, str] | None = None
) -> bytes:
    """An event, as an answer to a poll."""
    facts = {
        "Content-Type": "application/json",
        "Lambda-Runtime-Aws-Request-Id": request_id,
        "Lambda-Runtime-Invoked-Function-Arn": ARN,
        "Lambda-Runtime-Deadline-Ms": "4102444800000",
    }
    return http(200, payload, close=close, headers=facts | (headers or {}))


def accepted(*, close: bool = False) -> bytes:
    """The acknowledgement of an answer."""
    return http(202, b'{"status":"OK"}\n', close=close)


class Peer:
    """Listens on loopback."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.settimeout(PATIENCE)
        self.port: int = self._listener.getsockname()[1]
        self.lines: list[Line] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def narrow(self) -> None:
        """From the next connection on, what the runtime writes soon has no room.

        To be called before anybody connects: the kernel completes a connection before it is accepted.
        Segments are small as well, since a window below one segment (32 KiB on loopback) is used only when
        the sender's persist timer runs out, five times a second: three megabytes then take a minute.
        """
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SMALL_SEGMENT)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)

    def accept(self) -> Line:
        """The next connection."""
        connection, _ = self._listener.accept()
        line = Line(connection)
        self.lines.append(line)
        return line

    def deserted(self) -> bool:
        """Whether nobody wants to connect."""
        return not select.select([self._listener], [], [], SILENCE)[0]

    def stop_listening(self) -> None:
        """From now on connections are refused; those that stand stay."""
        self._listener.close()

    def dismiss(self) -> bool:
        """Tell whoever waits, on whatever connection, that it is over; true if anybody was told."""
        if self._listener.fileno() >= 0 and select.select([self._listener], [], [], 0)[0]:
            self.accept()
        told = [line.dismiss() for line in self.lines if line.open]
        return any(told)

    def close(self) -> None:
        """Stop listening, and close every connection."""
        self._listener.close()
        for line in self.lines:
            line.close()


class Line:
    """One connection from the runtime."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._requests: list[Request] = []
        self._parser = httptools.HttpRequestParser(self)
        self._dismissed = False

    @property
    def open(self) -> bool:
        """Whether this side has not closed it."""
        return self._connection.fileno() >= 0

    def fileno(self) -> int:
        """For `select`."""
        return self._connection.fileno()

    def segment(self, size: int = 1 << 20) -> bytes:
        """What arrives next, as it arrives; empty if the runtime has closed."""
        data = self._connection.recv(size)
        if data:
            self._parser.feed_data(data)
        return data

    def request(self) -> Request:
        """The next request, when it is complete."""
        while not self._requests:
            assert self.segment(), "the runtime has closed the connection"
        return self._requests.pop(0)

    def expect(self, method: str, path: str) -> Request:
        """The next request, which must be this one."""
        request = self.request()
        assert (request.method, request.path) == (method, path)
        return request

    def expect_poll(self) -> None:
        """The next request, which must be a poll."""
        self.expect("GET", NEXT)

    def expect_response(self, request_id: str) -> Request:
        """The next request, which must be the answer to this event."""
        return self.expect("POST", response_path(request_id))

    def expect_error(self, request_id: str) -> Request:
        """The next request, which must be the failure of this event."""
        return self.expect("POST", error_path(request_id))

    def silent(self) -> bool:
        """Whether nothing arrives."""
        return not self._requests and not select.select([self._connection], [], [], SILENCE)[0]

    def hung_up(self) -> bool:
        """Whether the runtime closes the connection now, without another word."""
        try:
            return not self._requests and self._connection.recv(1) == b""
        except ConnectionResetError:
            return True

    def send(self, *pieces: bytes) -> None:
        """Send each piece in a segment of its own."""
        for piece in pieces:
            self._connection.sendall(piece)

    def send_slowly(self, data: bytes, sizes: Iterable[int]) -> None:
        """Send the data in segments of these sizes, and the rest in one."""
        for size in sizes:
            self.send(data[:size])
            data = data[size:]
        self.send(data)

    def send_and_close(self, data: bytes) -> None:
        """Send the data and the end of the stream in one segment: one is not seen without the other."""
        self._connection.send(data, socket.MSG_MORE)
        self._connection.shutdown(socket.SHUT_WR)
        self.close()

    def close(self) -> None:
        """Close in peace; if something is unread, the runtime sees a reset."""
        self._connection.close()

    def reset(self) -> None:
        """Close with a reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def dismiss(self) -> bool:
        """Answer 500 to what has been asked, once, and again to whatever else is; true if so."""
        asked = bool(select.select([self._connection], [], [], 0)[0])
        if self._dismissed and not asked:
            return False
        self._dismissed = True
        try:
            if asked and not self.segment():
                self.close()
            else:
                self.send(http(500))
        except OSError:
            self.close()
        return True

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode()
        self._requests.append(Request(method, self._url.decode(), self._headers, b"".join(self._body)))
