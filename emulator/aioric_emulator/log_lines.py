"""Bytes that a function logs, to lines: plain streams and the framed log descriptor. No I/O."""

from __future__ import annotations

import struct

__all__ = ["FrameReader", "LineReader"]

# A line as long as this is broken: a function that never ends its line must not fill the memory.
MAX_LINE = 1024 * 1024

# Type, length of the message, microseconds since the epoch; all big-endian.
FRAME_HEAD = struct.Struct(">IIQ")
FRAME_MAGIC = 0xA55A0000


class LineReader:
    """Cuts a stream at its newlines. A bare carriage return stays within its line."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Give the lines that are complete with this data."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) >= MAX_LINE:
            lines.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in lines]

    def finish(self) -> list[str]:
        """Give what the stream ended with, if that was no newline."""
        rest, self._rest = self._rest, b""
        return [rest.decode("utf-8", "replace")] if rest else []


class FrameReader:
    """Takes the frames of `_LAMBDA_TELEMETRY_LOG_FD` apart: one message of any number of lines each.

    Bytes that are no frame are taken for plain lines from there on, so that nothing logged is lost.
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: LineReader | None = None

    def feed(self, data: bytes) -> list[str]:
        """Give the messages that are complete with this data, without a final newline."""
        if self._lines is not None:
            return self._lines.feed(data)
        self._buffer += data
        messages: list[str] = []
        while len(self._buffer) >= FRAME_HEAD.size:
            kind, length, _ = FRAME_HEAD.unpack_from(self._buffer)
            if kind & 0xFFFF0000 != FRAME_MAGIC:
                self._lines = LineReader()
                rest, self._buffer = self._buffer, b""
                return messages + self._lines.feed(rest)
            end = FRAME_HEAD.size + length
            if len(self._buffer) < end:
                break
            message = self._buffer[FRAME_HEAD.size : end]
            messages.append(message.decode("utf-8", "replace").removesuffix("\n"))
            self._buffer = self._buffer[end:]
        return messages

    def finish(self) -> list[str]:
        """Give what is left of a frame that broke off."""
        if self._lines is not None:
            return self._lines.finish()
        rest, self._buffer = self._buffer[FRAME_HEAD.size :], b""
        return [rest.decode("utf-8", "replace")] if rest else []
