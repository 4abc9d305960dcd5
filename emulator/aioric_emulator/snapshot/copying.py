"""The local Lambda's end of a snapshot: have the process copied, and ask the copies what they hold."""

from __future__ import annotations

import asyncio
import marshal
import os
import signal
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CAN_COPY", "Carried", "CopiedProcess", "CopyError"]

# A process is copied by fork, and what a fork shares is found in /proc.
CAN_COPY = sys.platform == "linux"
# As in `aioric_snapshot.copies`.
SIGNAL = (signal.SIGRTMAX if CAN_COPY else 0) - 7
FORMAT = 2
SIZE = 1024 * 1024
# How long, in seconds, a process may take to fork, or to tell what it holds.
PATIENCE = 10.0
# How often, in seconds, it is told to.
NUDGE = 0.05
REQUEST = (
    "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: identity\r\n\r\n"
)


class CopyError(RuntimeError):
    """The snapshot could not be copied, or a copy does not tell what it holds; the message says why."""


class Carried:
    """The control socket of a process that carries `aioric_snapshot`: the snapshot's, or a copy's."""

    def __init__(self, ours: socket.socket) -> None:
        ours.setblocking(False)
        self._socket = ours
        self._has_said_hello = False

    def close(self) -> None:
        """Let go of it."""
        self._socket.close()

    @property
    def is_carried(self) -> bool:
        """Whether the process is one that can be copied: a Python that took what is on its path."""
        if not self._has_said_hello:
            with suppress(OSError):
                self._has_said_hello = "hello" in marshal.loads(self._socket.recv(SIZE))  # noqa: S302 - of our own code
        return self._has_said_hello

    async def copy(
        self,
        pid: int,
        port: int,
        address: str,
        descriptors: Sequence[int],
        framed: Sequence[int],
        *,
        is_asked: bool,
    ) -> tuple[CopiedProcess, Carried]:
        """Have process `pid`, which waits for its restore with `port` at its end, fork a copy of itself.

        `descriptors` are what the copy logs to: the streams', then the framed log's, whose number in the
        process is in `framed`. The copy goes on when it is told to, and can be asked what it holds if it
        `is_asked`. Raises `CopyError`.
        """
        host, _, api_port = address.rpartition(":")
        message = {
            "is_asked": is_asked,
            "port": port,
            "api": (host, int(api_port)),
            "request": REQUEST.format(address=address).encode(),
            "framed": list(framed),
        }
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        reading, writing = os.pipe()
        with theirs:
            sent = [descriptors[0], writing, theirs.fileno(), *descriptors[1:]]
            socket.send_fds(self._socket, [marshal.dumps(message, FORMAT)], sent)
            os.close(writing)
        process, control = CopiedProcess(reading), Carried(ours)
        try:
            with anyio.fail_after(PATIENCE):
                while not process.pid:
                    # More than once: a signal that another thread takes does not interrupt the main one.
                    os.kill(pid, SIGNAL)
                    with anyio.move_on_after(NUDGE):
                        await process.started()
        except (OSError, TimeoutError, CopyError) as error:
            await process.aclose()
            control.close()
            raise CopyError(f"The snapshot could not be copied: {self._explain() or error}") from error
        return process, control

    def let_go(self) -> None:
        """Have a copy go on: the local Lambda knows whose connections it will open."""
        with suppress(OSError):
            self._socket.send(b"!")

    async def ask(self) -> dict[str, Any]:
        """Ask a copy what it holds. Raises `CopyError`."""
        try:
            self._socket.send(b"?")
            with anyio.fail_after(PATIENCE):
                answer = await asyncio.get_running_loop().sock_recv(self._socket, SIZE)
        except (OSError, TimeoutError) as error:
            raise CopyError(f"A copy does not tell what it holds: {error}") from error
        told: dict[str, Any] = {"error": "it has ended"}
        if answer:
            told = marshal.loads(answer)  # noqa: S302 - of our own code
        if "error" in told:
            raise CopyError(f"A copy does not tell what it holds: {told['error']}")
        return told

    def _explain(self) -> str:
        with suppress(OSError):
            return str(marshal.loads(self._socket.recv(SIZE)).get("error", ""))  # noqa: S302 - of our own code
        return ""


class CopiedProcess:
    """A copy, as far as its parent, which waits for it, tells of it in a pipe."""

    def __init__(self, status: int) -> None:
        os.set_blocking(status, False)
        self._status = status
        self._words: list[bytes] = []
        self.pid = 0
        self.returncode: int | None = None

    async def started(self) -> None:
        """Wait for its process id. Raises `CopyError` where it has none."""
        while not self.pid:
            await self._read()
            if self.returncode is not None and not self.pid:
                raise CopyError("the fork failed")

    async def wait(self) -> int:
        """Wait for its exit status; a negative one is a signal's number."""
        while self.returncode is None:
            await self._read()
        return self.returncode

    async def _read(self) -> None:
        await anyio.wait_readable(self._status)
        data = os.read(self._status, 4096)
        if not data and self.returncode is None:
            # Its parent was killed along with it.
            self.returncode = -signal.SIGKILL
        for line in data.decode().splitlines():
            word, _, number = line.partition(" ")
            if word == "pid":
                self.pid = int(number)
            else:
                self.returncode = int(number)

    async def aclose(self) -> None:
        """Wait for its end, as for that of any process."""
        if self._status >= 0:
            if self.pid:
                await self.wait()
            os.close(self._status)
            self._status = -1
