"""A Runtime API that makes trouble at random, and keeps account of every event.

It speaks HTTP by itself, so that nothing of the runtime's own reader can hide a fault of the runtime.
The same seed makes the same choices in the same order on each connection's turn.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

# Of each 1000 decisions, how many turn out so. The rest goes well.
ON_A_POLL = {
    "close": 8,  # while the poll is pending; the event stays here
    "reset": 8,
    "half": 6,  # half an event, and then a reset; the event stays here
    "last": 15,  # the event and the end of the stream in one segment
    "closing": 8,  # `Connection: close` on the event
    "deaf": 8,  # the event; the answer is not read, and the connection reset
}
ON_AN_ANSWER = {
    "half": 8,  # reset while the answer is being read
    "unacknowledged": 8,  # close when it has been read
    "last": 8,  # close behind the acknowledgement, whatever else was asked
    "closing": 8,  # `Connection: close` on the acknowledgement
    "413": 8,
    "410": 8,
    "400": 4,
}
PIECES = 0.1  # the share of responses that arrive in pieces
LARGE = 0.01  # the share of events that fill every buffer on the way
# Seconds in which an event may be on its way to a lane that is told to end meanwhile.
JUST_NOW = 0.1


class Platform:
    """Hands out `count` events, and knows what became of each.

    Args:
        count: How many events there are.
        seed: Of the disorder.
        breaks_every: After so many answers on average the platform answers one 500, and from then
            on has nothing more for that process.

    Attributes:
        delivered: When each event had left in full, on the monotonic clock.
        answers: How many times the whole answer to an event arrived.
        excused: Events whose answer may have been lost by us: its connection was cut by us when the
            answer may have been on its way, or its process was told to end when the event had only
            just left.
        wrong: Answers that are not those to their event.
    """

    def __init__(self, count: int, seed: int, breaks_every: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._count = count
        self._breaks_every = breaks_every
        self._talks: dict[asyncio.Task[Any], _Line] = {}
        self._waiting = list(range(count))
        self._payloads: dict[int, bytes] = {}
        self._settled: set[int] = set()  # answered or excused
        self.delivered: dict[int, float] = {}
        self.answers: dict[int, int] = {}
        self.excused: set[int] = set()
        self.wrong: list[int] = []
        self.trouble: dict[str, int] = {}
        self.broken = asyncio.Event()  # the process in service has been told to end
        self.done = asyncio.Event()
        self.port = 0
        self._last: tuple[str, int] | None = None
        self.on_answer: Callable[[], None] = lambda: None
        self.on_break: Callable[[], None] = lambda: None

    async def __aenter__(self) -> Self:
        """Start to listen on loopback."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self._acceptor = asyncio.create_task(self._accept_all())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening, and end every connection."""
        # Not a cancellation, which could hit a connection half accepted: a last one says that it is over.
        with socket.create_connection(("127.0.0.1", self.port)) as last:
            self._last = last.getsockname()
            await self._acceptor
        self._listener.close()
        for line in self._talks.values():
            line.end()
        if self._talks:
            await asyncio.wait(list(self._talks))

    async def _accept_all(self) -> None:
        while True:
            connection, address = await asyncio.get_running_loop().sock_accept(self._listener)
            if address == self._last:
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = _Line(*await asyncio.open_connection(sock=connection), self._chance)
            self._talks[asyncio.create_task(self._talk(line))] = line

    def renew(self) -> None:
        """Another process takes over."""
        self.broken.clear()

    def _toss(self, odds: dict[str, int]) -> str:
        number = self._chance.randrange(1000)
        for name, share in odds.items():
            number -= share
            if number < 0:
                self.trouble[name] = self.trouble.get(name, 0) + 1
                return name
        return "fine"

    async def _talk(self, line: _Line) -> None:
        # The runtime may have given the connection up, or ended.
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._serve_request(line):
                pass
        line.end()
        task = asyncio.current_task()
        assert task is not None
        del self._talks[task]

    async def _serve_request(self, line: _Line) -> bool:
        """Take part in one exchange; false if that was the last on this connection."""
        head = await line.reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            return await self._hand_out(line)
        number = int(path.split(b"/")[-2].removeprefix(b"id-"))
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return await self._accept(line, number, length)

    # A poll

    async def _hand_out(self, line: _Line) -> bool:
        how = self._toss(ON_A_POLL)
        if how in ("close", "reset"):
            return line.end(reset=how == "reset")
        if not self._waiting or self.broken.is_set():
            return await line.wait_for_the_end()
        number = self._waiting.pop()
        event = self._event(number, closing=how == "closing")
        if how == "half":
            self._waiting.append(number)
            await line.send(event[: self._chance.randrange(len(event))])
            return line.end(reset=True)
        return await self._deliver(line, number, event, how)

    async def _deliver(self, line: _Line, number: int, event: bytes, how: str) -> bool:
        if how == "deaf":
            self._excuse(number)
        try:
            await (line.send_last(event) if how == "last" else line.send(event))
        except ConnectionError:  # it has not left: another process may have it
            self._waiting.append(number)
            raise
        self.delivered[number] = time.monotonic()
        if self.broken.is_set():
            self._excuse(number)
        if how == "deaf":
            await line.reader.readexactly(1)
            return line.end(reset=True)
        return await line.wait_for_the_end() if how in ("last", "closing") else True

    def _event(self, number: int, *, closing: bool) -> bytes:
        if number not in self._payloads:
            size = 300_000 if self._chance.random() < LARGE else self._chance.choice((0, 10, 100, 1000))
            payload: dict[str, Any] = {"number": number, "filling": "x" * size}
            if self._chance.random() < 0.2:
                payload["pause"] = self._chance.random() / 500
            self._payloads[number] = json.dumps(payload).encode()
        body = self._payloads[number]
        head = f"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-{number}\r\n"
        head += "Content-Type: application/json\r\nLambda-Runtime-Deadline-Ms: 4102444800000\r\n"
        head += "Connection: close\r\n" if closing else ""
        if self._chance.random() < 0.5:
            return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        middle = len(body) // 2
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:middle], body[middle:]))
        return f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n"

    # An answer

    async def _accept(self, line: _Line, number: int, length: int) -> bool:
        how = self._toss(ON_AN_ANSWER)
        if how == "half":
            self._excuse(number)
            return line.end(reset=True)
        body = await line.reader.readexactly(length)
        self._note(number, body)
        if how == "unacknowledged":
            return line.end()
        if not self.broken.is_set() and self._chance.randrange(self._breaks_every) == 0:
            return await self._break(line)
        status = int(how) if how.isdigit() else 202
        closing = b"Connection: close\r\n" if how == "closing" else b""
        answer = b"HTTP/1.1 %d X\r\n%bContent-Length: 16\r\n\r\n" % (status, closing) + b'{"status":"OK"}\n'
        await (line.send_last(answer) if how == "last" else line.send(answer))
        return await line.wait_for_the_end() if how in ("last", "closing") else True

    def _note(self, number: int, body: bytes) -> None:
        self.answers[number] = self.answers.get(number, 0) + 1
        if json.loads(body) != json.loads(self._payloads[number]):
            self.wrong.append(number)
        if not self.broken.is_set():
            self.on_answer()
        self._settle(number)

    def _excuse(self, *numbers: int) -> None:
        self.excused.update(numbers)
        self._settle(*numbers)

    def _settle(self, *numbers: int) -> None:
        self._settled.update(numbers)
        if len(self._settled) == self._count:
            self.done.set()

    async def _break(self, line: _Line) -> bool:
        self.trouble["500"] = self.trouble.get("500", 0) + 1
        self.broken.set()
        self.on_break()
        now = time.monotonic()
        self._excuse(*(number for number, when in self.delivered.items() if now - when < JUST_NOW))
        await line.send(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
        return await line.wait_for_the_end()


class _Line:
    """One connection, with the ways in which it can end."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chance: random.Random
    ) -> None:
        self.reader = reader
        self._writer = writer
        self._chance = chance

    async def send(self, data: bytes) -> None:
        """Send the data, some of it in pieces."""
        while len(data) > 1 and self._chance.random() < PIECES:
            cut = self._chance.randrange(1, len(data))
            self._writer.write(data[:cut])
            data = data[cut:]
            await self._writer.drain()
            await asyncio.sleep(0)
        self._writer.write(data)
        await self._writer.drain()

    async def send_last(self, data: bytes) -> None:
        """Send the data and the end of the stream in one segment."""
        sock: socket.socket = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        await self.send(data)
        self._writer.write_eof()

    async def wait_for_the_end(self) -> bool:
        """Wait until the runtime has closed, whatever it says before."""
        while await self.reader.read(65536):
            pass
        return False

    def end(self, *, reset: bool = False) -> bool:
        """Close, or reset."""
        if reset and not self._writer.transport.is_closing():
            sock: socket.socket = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        return False
