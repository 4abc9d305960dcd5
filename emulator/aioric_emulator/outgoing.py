"""The half of a connection that writes: at once, soon, or as the transport likes."""

from __future__ import annotations

import asyncio
import os
from abc import ABC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Outgoing"]

# How long, in seconds, an answer may wait for the next one, where the peer has asked for that already. A
# runtime sends its answer and its next poll in one write, and wants nothing but an event: it is woken once.
# With many lanes under load the next event of one comes after some milliseconds.
HOLD = 0.02
# Bytes above which an answer does not wait.
MAX_HELD = 4096


class Outgoing(ABC):
    """What a connection has to send."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._held = b""
        self._holder: asyncio.TimerHandle | None = None
        # What the transport writes to, where it would not write before the end of the loop's turn.
        self._descriptor = -1
        self._unsent: Callable[[], int]

    def _opened_transport(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        # asyncio's own write at once. uvloop's collect what is written within a turn: then the peer is woken
        # only when we have done everything else, and on another core it could be at work meanwhile.
        if type(transport).__module__.startswith("uvloop"):
            self._descriptor = transport.get_extra_info("socket").fileno()
            self._unsent = transport.get_write_buffer_size

    def _closed_transport(self) -> None:
        self._descriptor = -1
        if self._holder is not None:
            self._holder.cancel()

    def _send(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        self._transport.write(data)

    def _send_now(self, data: bytes) -> None:
        """Send what the peer waits for before anything else is done. The transport must not be closing."""
        if self._held:
            data, self._held = self._held + data, b""
        if self._descriptor >= 0 and not self._unsent():
            try:
                sent = os.write(self._descriptor, data)
            except OSError:
                # There is no room, or nobody: the transport finds out which.
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        self._transport.write(data)

    def hold(self, data: bytes) -> None:
        """Send an answer soon: whoever asks for more than one thing at once may get the answers at once."""
        self._held += data
        if len(self._held) > MAX_HELD:
            self._send(b"")
        elif self._holder is None:
            self._holder = asyncio.get_running_loop().call_later(HOLD, self._let_go)

    def _let_go(self) -> None:
        self._holder = None
        if self._held and not self._transport.is_closing():
            self._send(b"")
