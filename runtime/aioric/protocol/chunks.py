"""A streamed answer as bytes: head and first piece, chunks, and the end, with trailers if it failed.

Source: RFC 9112, section 7.1, and
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

from __future__ import annotations

from binascii import b2a_base64

from aioric.protocol.runtime_api import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.messages import Failed

# A piece above this travels beside its framing instead of being copied into it.
JOIN_UP_TO = 16 * 1024

LAST = b"0\r\n\r\n"

_FAILED = b"0\r\nLambda-Runtime-Function-Error-Type: %b\r\nLambda-Runtime-Function-Error-Body: %b\r\n\r\n"
_MAX_ERROR_TYPE = 256  # bytes; with `messages.MAX_BRIEF` it keeps the trailers below 4096


class ChunkedAnswer:
    """One streamed answer, from its head to its end.

    Args:
        head: The request's head, which leaves with the first piece.
        prelude: What the body begins with; it shares a chunk with the first piece.

    Attributes:
        begun: Whether anything was asked for, so that it is too late for `/error`.
        ended: Whether the end was asked for.
    """

    __slots__ = ("_head", "_prelude", "begun", "ended")

    def __init__(self, head: bytes, prelude: bytes) -> None:
        self._head = head
        self._prelude = prelude
        self.begun = False
        self.ended = False

    def piece(self, data: bytes) -> list[bytes]:
        """The parts to write for a piece, none for an empty one; the first piece brings the head."""
        if self.begun:
            return chunk(data)
        self.begun = True
        if len(data) <= JOIN_UP_TO:
            return [self._head + b"".join(chunk(self._prelude + data))]
        size = len(self._prelude) + len(data)
        return [b"%b%x\r\n%b" % (self._head, size, self._prelude), data, b"\r\n"]

    def end(self, failure: Failed | None = None) -> list[bytes]:
        """The parts that end it, with error trailers after a failure."""
        self.ended = True
        opening = [] if self.begun else self.piece(b"")
        return [*opening, LAST if failure is None else trailers(failure)]


def chunk(data: bytes) -> list[bytes]:
    """The parts of one chunk; none for no bytes, since an empty chunk is the end."""
    if len(data) > JOIN_UP_TO:
        return [b"%x\r\n" % len(data), data, b"\r\n"]
    return [b"%x\r\n%b\r\n" % (len(data), data)] if data else []


def trailers(failure: Failed) -> bytes:
    """The last chunk and the error's trailers, whose body is standard base64 in one line."""
    error_type = printable(failure.error_type)[:_MAX_ERROR_TYPE].strip() or b"Runtime.Unknown"
    return _FAILED % (error_type, b2a_base64(failure.brief, newline=False))
