"""What passes a streamed answer on while the runtime still sends it: pacing, the limit, slow callers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aioric_emulator.exchange import HttpExchange

__all__ = ["MAX_STREAM", "Bandwidth", "Receiver", "Relay"]

MIB = 1024 * 1024
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
MAX_STREAM = 200 * MIB


class Bandwidth:
    """The platform's shape: so many bytes at once, then so many a second. `clock` gives seconds."""

    def __init__(self, burst: float = 6 * MIB, rate: float = 2 * MIB) -> None:
        self._burst = self._level = burst
        self._rate = rate
        self._at: float | None = None

    def take(self, size: int, now: float) -> float:
        """Take bytes out of the bucket; give how many seconds to wait before the next ones."""
        if self._at is not None:
            self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        self._level -= size
        return max(0.0, -self._level / self._rate)


class Receiver(Protocol):
    """Who gets the pieces."""

    def begin(self, content_type: str) -> None:
        """The head of the runtime's answer is there."""

    def piece(self, data: bytes) -> bool:
        """Take a piece; give whether there is room for more now."""


class Relay:
    """The way from a runtime's `/response`, while it arrives, to a caller.

    The runtime's connection is not read while the caller is slow, or the bandwidth used up.
    """

    def __init__(self, source: HttpExchange, receiver: Receiver, bandwidth: Bandwidth | None) -> None:
        self._source = source
        self._receiver = receiver
        self._bandwidth = bandwidth
        self._has_room = True
        self._timer: asyncio.TimerHandle | None = None
        self.is_open = True

    def open(self) -> None:
        """Pass the head on."""
        self._receiver.begin(self._source.headers.get("content-type", "application/octet-stream"))

    def piece(self, data: bytes, size: int) -> bool:
        """Pass a piece on; give whether the whole, `size` bytes so far, is within the limit."""
        if size > MAX_STREAM:
            self.is_open = False
            return False
        if not self.is_open:
            return True
        self._has_room = self._receiver.piece(data)
        if self._bandwidth is not None:
            loop = asyncio.get_running_loop()
            pause = self._bandwidth.take(len(data), loop.time())
            if pause and self._timer is None:
                self._timer = loop.call_later(pause, self._refilled)
        if self._timer is not None or not self._has_room:
            self._source.pause()
        return True

    def room(self, *, has_room: bool) -> None:
        """The caller can take more, or no more."""
        self._has_room = has_room
        self._resume()

    def close(self) -> None:
        """Pass nothing more on, and let the runtime send the rest to nobody."""
        self.is_open = False
        self._has_room = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._resume()

    def _refilled(self) -> None:
        self._timer = None
        self._resume()

    def _resume(self) -> None:
        if self._has_room and self._timer is None:
            self._source.resume()
