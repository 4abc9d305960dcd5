"""Who takes the streams: the platform's side for runtimes, an HTTP client for a server. Both only count."""

from __future__ import annotations

import json
import selectors
import socket
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

PATIENCE_SECONDS = 120.0
BUFFER = 1 << 20
STAMP = 20  # bytes of the first piece in which it says when it was yielded
LAST = b"0\r\n\r\n"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Lane:
    """One connection, and how far it is."""

    socket: socket.socket
    streaming: bool = False
    tail: bytes = b""
    first: bytes = b""
    has_first: bool = False


@dataclass
class Taken:
    """What was taken in one run. Times in nanoseconds."""

    bytes: int = 0
    wall_ns: int = 0
    first_byte_ns: list[int] = field(default_factory=list)


class Peer(ABC):
    """Takes a number of streams, so many at once."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._selector = selectors.DefaultSelector()
        self._scratch = bytearray(BUFFER)

    @abstractmethod
    def run(self, size: int, count: int, streams: int) -> Taken:
        """Take `streams` streams of `count` pieces of `size` bytes."""

    def receive(self, lane: Lane, taken: Taken) -> bool:
        """Take what has arrived; true when the stream is at its end."""
        received = lane.socket.recv_into(self._scratch)
        now = time.monotonic_ns()
        if not received:
            raise ConnectionError("a contestant has closed in the middle of a stream")
        taken.bytes += received
        if not lane.has_first:
            lane.first += bytes(self._scratch[: min(received, 4096)])
            body = lane.first.partition(b"\r\n\r\n")[2].partition(b"\r\n")[2]
            if len(body) >= STAMP:
                taken.first_byte_ns.append(now - int(body[:STAMP]))
                lane.has_first = True
        lane.tail = (lane.tail + bytes(self._scratch[max(0, received - 7) : received]))[-7:]
        return lane.tail.endswith(b"\r\n" + LAST)

    def ready(self) -> list[selectors.SelectorKey]:
        """Wait for something to happen."""
        ready = self._selector.select(PATIENCE_SECONDS)
        if not ready:
            raise TimeoutError("a contestant is stuck")
        return [key for key, _ in ready]


class Platform(Peer):
    """The Runtime API, as far as a stream needs it."""

    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._waiting: list[Lane] = []
        self._serial = 0

    def await_lanes(self) -> None:
        """Return when every lane polls: the contestant is at rest."""
        taken = Taken()
        while len(self._waiting) < self.lanes:
            self._turn(taken)

    def run(self, size: int, count: int, streams: int) -> Taken:
        """Hand out events until all streams were taken and all lanes poll again."""
        taken = Taken()
        began = time.perf_counter_ns()
        left, done = streams, 0
        while done < streams:
            while left and self._waiting:
                left -= 1
                self._invoke(self._waiting.pop(), size, count)
            done += self._turn(taken)
        taken.wall_ns = time.perf_counter_ns() - began
        self.await_lanes()
        return taken

    def _invoke(self, lane: Lane, size: int, count: int) -> None:
        self._serial += 1
        event = json.dumps({"size": size, "count": count}).encode()
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {self._serial}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int(time.time() * 1000) + 900_000}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: arn\r\nContent-Length: {len(event)}\r\n\r\n"
        )
        lane.streaming = True
        lane.socket.sendall(head.encode() + event)

    def _turn(self, taken: Taken) -> int:
        done = 0
        for key in self.ready():
            if key.fileobj is self._listener:
                connection, _ = self._listener.accept()
                self._selector.register(connection, selectors.EVENT_READ, Lane(connection))
                continue
            lane: Lane = key.data
            if not lane.streaming:
                polled = lane.socket.recv(65536)
                if polled:
                    self._waiting.append(lane)
                else:
                    self._drop(lane)
            elif self.receive(lane, taken):
                lane.socket.sendall(ACCEPTED)
                self._drop(lane)
                done += 1
        return done

    def _drop(self, lane: Lane) -> None:
        self._selector.unregister(lane.socket)
        lane.socket.close()


class Client(Peer):
    """An HTTP client of a server that streams."""

    def __init__(self, lanes: int, port: int) -> None:
        super().__init__(lanes)
        self._port = port

    def run(self, size: int, count: int, streams: int) -> Taken:
        """Ask for streams, each on a connection of its own, as after an invocation's `Connection: close`."""
        taken = Taken()
        began = time.perf_counter_ns()
        left, open_lanes = streams, 0
        while left or open_lanes:
            while left and open_lanes < self.lanes:
                left -= 1
                open_lanes += 1
                self._ask(size, count)
            for key in self.ready():
                if self.receive(key.data, taken):
                    self._selector.unregister(key.data.socket)
                    key.data.socket.close()
                    open_lanes -= 1
        taken.wall_ns = time.perf_counter_ns() - began
        return taken

    def _ask(self, size: int, count: int) -> None:
        line = socket.create_connection(("127.0.0.1", self._port))
        request = f"GET /?size={size}&count={count} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        line.sendall(request.encode())
        self._selector.register(line, selectors.EVENT_READ, Lane(line))
