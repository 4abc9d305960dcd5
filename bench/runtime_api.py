"""The platform's side of the benchmark: a cheap Runtime API that looks like AWS's, in its own process.

One thread on raw epoll; every byte that does not change is made beforehand. It imitates what AWS's emulator
sends: the same header lines, Content-Length up to 2,048 bytes of event and one chunk beyond, an answer's 202
flushed before the next event goes out, so that a client which pipelines is not handed both in one packet.
It takes a POST and the next poll in one packet, and request bodies with a Content-Length of any size.
It checks that each response belongs to the event on its connection, and counts what arrives at `/error`.

bench/runtime_api.c does the same and is taken instead where there is a C compiler. Per small event and with
one lane the one in C spends 15 µs of CPU with both sides on one core, and 30 to 70 on a core each, where both
are woken from sleep for every packet: the kernel's work for a receive and two sends. This one spends 55, and
85 to 130. None of it is in a runtime's CPU figures, for they come from the runtime's own clocks; wall time
per invocation does contain it. Each run measures it anew and shows it.

Spoken over stdin and stdout, a line each: `listening PORT`; then, whenever all lanes wait in `/next`, an
`idle` with the figures of the events just served, answered by `serve COUNT`, or by the end of stdin to stop.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import select
import socket
import sys
import time
from collections import deque
from pathlib import Path

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
RECEIVE_BYTES = 256 * 1024
INLINE_BYTES = 16 * 1024  # below, one copy is cheaper than a gathering write
GO_BUFFER_BYTES = 2048  # what Go's server holds back to count; a longer body goes out as a chunk

ACCEPTED = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nDate: Mon, 01 Jun 2026 12:00:00 GMT\r\n"
    b'Content-Length: 16\r\n\r\n{"status":"OK"}\n'
)
EVENT_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-%012d\r\n"
    b"Lambda-Runtime-Deadline-Ms: 4102444800000\r\n"
    b"Lambda-Runtime-Invocation-Id: 0f7c8d1e-3a52-4b7e-8c55-2d1f6a90b3e4\r\n"
    b"Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:012345678912:function:bench\r\n"
    b"Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0\r\n"
    b"Date: Mon, 01 Jun 2026 12:00:00 GMT\r\n"
)


class Lane:
    """One connection: what has come in of a request, and what has not gone out yet."""

    __slots__ = ("body_left", "expected", "inbox", "outbox", "polling", "socket")

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.inbox = b""
        self.body_left = 0
        self.outbox: deque[memoryview] = deque()
        self.polling = False
        self.expected = b""


class RuntimeApi:
    """All lanes, and the count of events to hand out before everybody waits again."""

    def __init__(self, event: bytes, lanes: int) -> None:
        self.framed = len(event) > GO_BUFFER_BYTES
        length = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" if self.framed else b"Content-Length: %d\r\n\r\n"
        self.head = EVENT_HEAD + length % len(event)
        self.body = event + b"\r\n0\r\n\r\n" if self.framed else event
        self.expected_lanes = lanes
        self.lanes: dict[int, Lane] = {}
        self.epoll = select.epoll()
        self.serial = 0
        self.left = self.unanswered = self.errors = 0
        self.began = self.ended = self.cpu_began = 0
        self.served = 0
        self.announced = False

    def run(self) -> None:
        """Listen, say where, and serve until stdin ends."""
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            listener.setblocking(False)
            control = sys.stdin.fileno()
            self.epoll.register(listener.fileno(), select.EPOLLIN)
            self.epoll.register(control, select.EPOLLIN)
            say(f"listening {listener.getsockname()[1]}")
            while True:
                for descriptor, events in self.epoll.poll():
                    if (lane := self.lanes.get(descriptor)) is not None:
                        self.attend(lane, events)
                    elif descriptor == control:
                        if not (line := os.read(control, 100)):
                            return
                        self.start(int(line.split()[1]))
                    else:
                        self.welcome(listener)

    def welcome(self, listener: socket.socket) -> None:
        """Take a connection in."""
        connection, _ = listener.accept()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lanes[connection.fileno()] = Lane(connection)
        self.epoll.register(connection.fileno(), select.EPOLLIN)

    def start(self, count: int) -> None:
        """Hand out so many events, to the lanes that wait first."""
        self.left = self.unanswered = self.served = count
        self.errors = 0
        self.announced = False
        self.cpu_began = time.process_time_ns()
        self.began = time.perf_counter_ns()
        for lane in list(self.lanes.values()):
            if lane.polling:
                self.poll(lane)

    def attend(self, lane: Lane, events: int) -> None:
        """Read what is there, write what may go."""
        if events & select.EPOLLOUT:
            self.flush(lane)
        if events & ~select.EPOLLOUT:
            data = lane.socket.recv(RECEIVE_BYTES)
            if not data:
                self.epoll.unregister(lane.socket.fileno())
                del self.lanes[lane.socket.fileno()]
                lane.socket.close()
                return
            self.feed(lane, data)

    def feed(self, lane: Lane, data: bytes) -> None:
        """Take requests out of the bytes, as many as are whole; a body is counted, not kept."""
        if lane.body_left:
            taken = min(lane.body_left, len(data))
            lane.body_left -= taken
            if lane.body_left:
                return
            self.accept(lane)
            data = data[taken:]
        elif lane.inbox:
            data = lane.inbox + data
            lane.inbox = b""
        while data:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                lane.inbox = data
                return
            head, data = data[:end], data[end + 4 :]
            if head.startswith(b"GET "):
                self.poll(lane)
                continue
            length = self.begin_post(lane, head)
            if len(data) < length:
                lane.body_left = length - len(data)
                return
            data = data[length:]
            self.accept(lane)

    def begin_post(self, lane: Lane, head: bytes) -> int:
        """Check whose answer it is, and tell how long its body is."""
        path = head[: head.index(b" HTTP/1.1")]
        if not path.endswith(b"/response"):
            self.errors += 1
        if lane.expected not in path:
            raise ValueError(f"{path!r} answers another event than {lane.expected!r}")
        lane.expected = b"(nothing: the event is answered)"
        match = CONTENT_LENGTH.search(head)
        if match is None:
            raise ValueError(f"a POST without a Content-Length: {head!r}")
        return int(match[1])

    def accept(self, lane: Lane) -> None:
        """The whole answer is here."""
        self.send(lane, ACCEPTED)
        self.unanswered -= 1
        if not self.unanswered:
            self.ended = time.perf_counter_ns()

    def poll(self, lane: Lane) -> None:
        """Answer a poll with the next event, or let it wait when there is none."""
        lane.polling = not self.left
        if lane.polling:
            self.announce_if_idle()
            return
        self.left -= 1
        self.serial += 1
        lane.expected = b"-%012d/" % self.serial
        if len(self.body) <= INLINE_BYTES:
            self.send(lane, self.head % self.serial + self.body)
        else:
            self.send(lane, self.head % self.serial, self.body)

    def announce_if_idle(self) -> None:
        """When the last of the lanes waits, everything before is done: the moment to take measurements."""
        waiting = sum(lane.polling for lane in self.lanes.values())
        if self.announced or self.unanswered or waiting != self.expected_lanes:
            return
        self.announced = True
        figures = {
            "invocations": self.served,
            "errors": self.errors,
            "wall_ns": self.ended - self.began,
            "server_cpu_ns": time.process_time_ns() - self.cpu_began,
            "ended_ns": self.ended,
        }
        say(f"idle {json.dumps(figures)}")

    def send(self, lane: Lane, *parts: bytes) -> None:
        """Write now what the socket takes, and keep the rest in order."""
        if lane.outbox:
            lane.outbox.extend(map(memoryview, parts))
            return
        sent = lane.socket.send(parts[0]) if len(parts) == 1 else lane.socket.sendmsg(parts)
        for part in parts:
            if sent < len(part):
                lane.outbox.append(memoryview(part)[sent:])
                sent = 0
            else:
                sent -= len(part)
        if lane.outbox:
            self.epoll.modify(lane.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def flush(self, lane: Lane) -> None:
        """Write on where the socket was full."""
        while lane.outbox:
            part = lane.outbox[0]
            try:
                sent = lane.socket.send(part)
            except BlockingIOError:
                return
            if sent < len(part):
                lane.outbox[0] = part[sent:]
            else:
                lane.outbox.popleft()
        self.epoll.modify(lane.socket.fileno(), select.EPOLLIN)


def say(line: str) -> None:
    """Tell the benchmark, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve the event in a file to a number of lanes."""
    parser = argparse.ArgumentParser(description="a Runtime API that costs little")
    parser.add_argument("event", type=Path, help="the file with the event's bytes")
    parser.add_argument("lanes", type=int, help="how many polls must wait before events are handed out")
    arguments = parser.parse_args()
    RuntimeApi(arguments.event.read_bytes(), arguments.lanes).run()


if __name__ == "__main__":
    main()
