"""A Runtime API on a loopback socket that plays events to a real process and writes down what comes back.

One event after another: the next is delivered when the runtime polls for it. Where the process's output
went to is measured at each request, so that every byte of log belongs to the event that was being served.
Requests are parsed by httptools, not by our own reader.
"""

from __future__ import annotations

import os
import select
import socket
import time
from typing import TYPE_CHECKING, NamedTuple, Self

import httptools

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from subprocess import Popen

PREFIX = "/2018-06-01/runtime"
PATIENCE = 20.0  # seconds from one request to the next, on a machine that others use too
OUTPUTS = ("stdout", "stderr", "frames")
RESPONSE_LIMIT = 6_291_556  # bytes, of a buffered answer


class Event(NamedTuple):
    """An event as the platform delivers it; a header whose value is None is left out."""

    request_id: str
    payload: bytes = b"{}"
    headers: Mapping[str, str | None] = {}
    refusal: int | None = None  # how to answer the answer, when not with 202


class Request(NamedTuple):
    """A request that has arrived; header names in lower case, and how long each output was by then."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    lengths: tuple[int, ...]


class Served(NamedTuple):
    """What became of one event, or of the phase before the first: requests, output, exit status if any."""

    requests: list[Request]
    outputs: dict[str, bytes]
    status: int | None


class Recorder:
    """Listens on loopback; `serve` runs a process against a script of events.

    Args:
        outputs: The files that the process writes to, in the order of `OUTPUTS`.
        final: The status that answers the poll after the last event, which ends a runtime; None leaves
            the runtime waiting for whoever started it to end it.
    """

    def __init__(self, outputs: Sequence[int], *, final: int | None = 500) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._outputs = outputs
        self._final = final
        self._lines: dict[int, _Line] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines.values():
            line.connection.close()
        self._listener.close()

    def serve(self, process: Popen[bytes], events: Sequence[Event]) -> Iterator[Served]:
        """Yield what came before the first event, then what became of each; ends when the process does."""
        script = iter(events)
        current: Event | None = None
        requests: list[Request] = []
        start = (0,) * len(self._outputs)
        for line, request in self._requests(process):
            if not request.path.endswith("/invocation/next"):
                requests.append(request)
                line.acknowledge(request, current)
                continue
            yield Served(requests, self._between(start, request.lengths), None)
            requests, start = [], request.lengths
            current = next(script, None)
            if current is None and self._final is None:
                return
            if current is None:
                line.send(self._final or 500, b"over")
                break
            line.deliver(current)
        status = _wait(process)
        yield Served(requests, self._between(start, self._lengths()), status)

    def _requests(self, process: Popen[bytes]) -> Iterator[tuple[_Line, Request]]:
        ended = os.pidfd_open(process.pid)
        watch = select.poll()
        watch.register(self._listener, select.POLLIN)
        watch.register(ended, select.POLLIN)
        try:
            while ready := watch.poll(PATIENCE * 1000):
                for descriptor, _ in ready:
                    if descriptor == self._listener.fileno():
                        line = _Line(self._listener.accept()[0])
                        self._lines[line.connection.fileno()] = line
                        watch.register(line.connection, select.POLLIN)
                    elif descriptor in self._lines:
                        line = self._lines[descriptor]
                        arrived = line.receive()
                        if arrived is None:
                            watch.unregister(descriptor)
                            self._lines.pop(descriptor).connection.close()
                        for method, path, headers, body in arrived or ():
                            yield line, Request(method, path, headers, body, self._lengths())
                if [descriptor for descriptor, _ in ready] == [ended]:
                    return
            process.kill()
        finally:
            os.close(ended)

    def _lengths(self) -> tuple[int, ...]:
        return tuple(os.fstat(output).st_size for output in self._outputs)

    def _between(self, start: tuple[int, ...], end: tuple[int, ...]) -> dict[str, bytes]:
        return {
            name: os.pread(output, to - at, at)
            for name, output, at, to in zip(OUTPUTS, self._outputs, start, end, strict=True)
        }


class _Line:
    """One connection, and the requests that arrive on it."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        # As Go's server does: an event must not wait for the acknowledgement of the 202 before it.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parser = httptools.HttpRequestParser(self)
        self._arrived: list[tuple[str, str, dict[str, str], bytes]] = []
        self._path, self._headers, self._body = "", dict[str, str](), bytearray()

    def receive(self) -> list[tuple[str, str, dict[str, str], bytes]] | None:
        """The requests that are complete by now, or None at the end of the stream."""
        try:
            data = self.connection.recv(1 << 20)
        except ConnectionError:
            return None
        if not data:
            return None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            # As Go's server does with a request that is none.
            self.send(400, b"bad request")
            return None
        arrived, self._arrived = self._arrived, []
        return arrived

    def deliver(self, event: Event) -> None:
        """Answer a poll with an event."""
        headers: dict[str, str | None] = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": "4102444800000",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
            **event.headers,
        }
        self.send(200, event.payload, headers)

    def acknowledge(self, request: Request, current: Event | None) -> None:
        """Answer anything but a poll as the platform does."""
        if request.path.endswith("/restore/next"):
            self.send(200, b"")
        elif request.path.endswith("/extension/register"):
            self.send(200, b"{}", {"Lambda-Extension-Identifier": "an-extension"})
        elif request.path.endswith("/extension/event/next"):
            pass  # it waits for an end that does not come
        elif current is not None and current.refusal is not None:
            self.send(current.refusal, b"no")
        elif request.path.endswith("/response") and len(request.body) > RESPONSE_LIMIT:
            self.send(413, b"too large")
        else:
            self.send(202, b'{"status":"OK"}\n')

    def send(self, status: int, body: bytes, headers: Mapping[str, str | None] = {}) -> None:
        """Write a response."""
        # The native client of awslambdaric dies of a response without a content type, of whatever status.
        fields = {"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
        self.connection.sendall(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._path, self._headers, self._body = "", {}, bytearray()

    def on_url(self, url: bytes) -> None:
        self._path += url.decode()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode()
        self._arrived.append((method, self._path, self._headers, bytes(self._body)))


def _wait(process: Popen[bytes]) -> int:
    """The exit status of a process that is about to end."""
    deadline = time.monotonic() + PATIENCE
    while (status := process.poll()) is None and time.monotonic() < deadline:
        select.select([], [], [], 0.002)
    if status is None:
        process.kill()
        status = process.wait()
    return status
