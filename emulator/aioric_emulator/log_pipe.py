"""What a runtime logs, from its descriptors to lines: a pipe, a framed pipe, or a Managed Instances socket.

Read by callbacks, and drained on demand: what a function logged before it answered is in the pipe by
then, and belongs to the answer, whichever of the two the event loop notices first.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LogPipe", "LogSocket", "Reader"]

READ_SIZE = 64 * 1024
# Reads in one go: more than a pipe holds, and an end for one that is filled faster than it is read.
MAX_READS = 16


class Reader(Protocol):
    """How bytes become lines."""

    def feed(self, data: bytes) -> list[str]:
        """Give the lines that are complete with this data."""

    def finish(self) -> list[str]:
        """Give what is left at the end."""


class LogPipe:
    """The reading end of a descriptor that a runtime writes to."""

    def __init__(self, descriptor: int, reader: Reader, on_line: Callable[[str], None]) -> None:
        self._descriptor = descriptor
        self._reader = reader
        self._on_line = on_line
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        # To ask costs a third of a read that fails, and most invocations log nothing.
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._loop.add_reader(descriptor, self.drain)

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self._descriptor >= 0

    def drain(self) -> None:
        """Read what is there."""
        for _ in range(MAX_READS if self.is_open and self._poll.poll(0) else 0):
            try:
                data = os.read(self._descriptor, READ_SIZE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._end()
                return
            for line in self._reader.feed(data):
                self._on_line(line)
            if len(data) < READ_SIZE:
                return

    def _end(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1
        for line in self._reader.finish():
            self._on_line(line)

    def close(self) -> None:
        """Read what is there, and no more."""
        self.drain()
        if self.is_open:
            self._end()


class LogSocket:
    """The unix socket of `_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET`: every connection is a log stream."""

    def __init__(self, path: str, new_pipe: Callable[[int], LogPipe]) -> None:
        self._new_pipe = new_pipe
        self._pipes: list[LogPipe] = []
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.bind(path)
        self._socket.listen(128)
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            self._pipes = [pipe for pipe in self._pipes if pipe.is_open]
            self._pipes.append(self._new_pipe(connection.detach()))

    def drain(self) -> None:
        """Read what is there."""
        self._accept()
        for pipe in self._pipes:
            pipe.drain()

    def close(self) -> None:
        """Read what is there, and no more."""
        self.drain()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for pipe in self._pipes:
            pipe.close()
