"""`application/vnd.amazon.eventstream` as a client reads it: bytes in, events out, no I/O.

https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
"""

from __future__ import annotations

import struct
from binascii import crc32

__all__ = ["EventStreamError", "EventStreamReader"]

# Length of the whole, length of the headers, and the checksum of both.
PRELUDE = struct.Struct("!III")
CHECKSUM = struct.Struct("!I")
# Nobody sends a larger message: its length is wrong. The limit is the format's own.
MAX_MESSAGE = 16 * 1024 * 1024 + 128 * 1024
STRING = 7


class EventStreamError(ValueError):
    """Bytes that are no event stream, or were changed on their way."""


class EventStreamReader:
    """Cuts a stream into its events."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Give type and payload of the events that are complete with this data.

        Raises `EventStreamError`.
        """
        self._buffer += data
        events: list[tuple[str, bytes]] = []
        while len(self._buffer) >= PRELUDE.size:
            total, headers, checksum = PRELUDE.unpack_from(self._buffer)
            if crc32(self._buffer[:8]) != checksum or total > MAX_MESSAGE or total < 16 + headers:
                raise EventStreamError("The answer is no event stream")
            if len(self._buffer) < total:
                break
            message, self._buffer = self._buffer[:total], self._buffer[total:]
            if crc32(message[:-4]) != CHECKSUM.unpack(message[-4:])[0]:
                raise EventStreamError("An event of the stream has a wrong checksum")
            kind = read_headers(message[12 : 12 + headers]).get(":event-type", "")
            events.append((kind, message[12 + headers : -4]))
        return events


def read_headers(data: bytes) -> dict[str, str]:
    """Give the headers of an event, all of which are text in Lambda's. Raises `EventStreamError`."""
    headers: dict[str, str] = {}
    try:
        while data:
            end = 1 + data[0]
            name, kind, length = data[1:end].decode(), data[end], int.from_bytes(data[end + 1 : end + 3])
            if kind != STRING:
                raise EventStreamError(f"The header {name} of an event is no text")
            headers[name] = data[end + 3 : end + 3 + length].decode()
            data = data[end + 3 + length :]
    except (IndexError, UnicodeDecodeError):
        raise EventStreamError("The headers of an event are broken") from None
    return headers
