"""HTTP/1.1 responses: bytes in, whole responses out. Requests are written by `runtime_api`.

We are the client of one fixed peer, so this reads what a correct server may send and no more:
Content-Length, chunked, and bodies that end with the connection; any header case; any split. Folded
header lines, bare line feeds, other transfer codings and contradictory lengths are refused, since a
reader that guesses where a message ends can be made to mistake an event for a header.
Source: RFC 9112.
"""

from __future__ import annotations

from aioric.errors import ConnectionLost, LimitExceeded, MalformedResponse
from aioric.protocol.heads import Response, parse_head

# The platform's own server accepts heads of 1 MiB; what it sends stays far below: the largest header
# is the client context of at most 3,583 bytes.
MAX_HEAD = 256 * 1024
# Seven hexadecimal digits reach 256 MiB, more than MAX_BODY allows.
MAX_CHUNK_DIGITS = 7
# A chunk's size line with extensions, which we skip.
MAX_CHUNK_LINE = 4096
# Events are limited to 6 MiB + 100 bytes today. Five times that leaves the platform room to grow and
# still bounds what a peer gone wild can make us hold.
MAX_BODY = 32 * 1024 * 1024
_LENGTH_DIGITS = len(str(MAX_BODY))

# How much to ask a socket for: enough for a head and a small event at once, and for large bodies in
# few steps, without a large allocation for each small one.
USUAL_READ = 64 * 1024
LARGEST_READ = 1024 * 1024

# An event, and the acceptance of an answer.
_USUAL = (200, 202)

_HEX_DIGITS = b"0123456789abcdefABCDEF"
_NO_BODY = (204, 304)

_HEAD, _SIZED, _UNTIL_CLOSE, _CHUNK_LINE, _CHUNK, _CHUNK_END, _TRAILERS = range(7)


class ResponseReader:
    """Turns the bytes of one connection into responses, in order, however they are split.

    Feed what arrived, then read until `None`. After an error the reader is of no further use: the
    connection has lost its framing.
    """

    __slots__ = (
        "_missing",
        "_pieces",
        "_response",
        "_rest",
        "_scanned",
        "_size",
        "_state",
    )

    def __init__(self) -> None:
        self._state = _HEAD
        self._rest = b""  # received, not consumed
        self._scanned = 0  # how far `_rest` is known to hold no end of a head or line
        self._response: Response | None = None  # whose head is complete
        self._pieces: list[bytes] = []  # of its body
        self._size = 0  # of those pieces
        self._missing = 0  # bytes to the end of the sized body or of the chunk

    @property
    def idle(self) -> bool:
        """Whether no response has begun."""
        return self._state == _HEAD and not self._rest

    @property
    def appetite(self) -> int:
        """How many bytes it makes sense to receive next."""
        return USUAL_READ if self._missing < USUAL_READ else min(self._missing, LARGEST_READ)

    def feed(self, data: bytes) -> None:
        """Take bytes that arrived."""
        self._rest = self._rest + data if self._rest else data

    def read(self) -> Response | None:
        """The next whole response, or `None` if more bytes are needed.

        Raises:
            MalformedResponse: The bytes are not a valid response.
            LimitExceeded: A part is larger than its limit.
        """
        if self._state == _HEAD and not self._scanned:
            if not self._rest:
                return None
            response = self._read_at_once(self._rest)
            if response is not None:
                return response
        return self._read_by_steps()

    def _read_by_steps(self) -> Response | None:
        while True:
            if self._state == _HEAD:
                if not self._read_head():
                    return None
            elif self._state in (_SIZED, _CHUNK):
                if not self._read_sized():
                    return None
            elif self._state == _UNTIL_CLOSE:
                self._keep(self._rest)
                self._rest = b""
                return None
            elif not self._read_chunk_framing():
                return None
            if self._state == _HEAD and self._response is not None:
                return self._finish()

    def end(self) -> Response | None:
        """The peer closed: the response that ended with the connection, or `None` if none had begun.

        Raises:
            ConnectionLost: A response had begun, and is not whole.
        """
        if self.idle:
            return None
        if self._state == _UNTIL_CLOSE:
            return self._finish()
        raise ConnectionLost("the Runtime API closed the connection in the middle of a response")

    def _read_at_once(self, rest: bytes) -> Response | None:
        """The usual case in few steps: a head and its sized body, received together."""
        end = rest.find(b"\r\n\r\n")
        if not 0 <= end <= MAX_HEAD:
            return None
        head = rest[:end]
        response = parse_head(head)
        headers = response.headers
        length = headers.get("content-length")
        if length is None or response.status not in _USUAL or "transfer-encoding" in headers:
            return None
        start = end + 4
        stop = start + _content_length(length)
        if stop > len(rest):
            return None
        response.body = rest[start:stop]
        response.head = head
        self._rest = rest[stop:]
        return response

    def _finish(self) -> Response:
        response, self._response = self._response, None
        assert response is not None  # noqa: S101 - for the type checker; both callers have one
        response.body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._state = _HEAD
        self._scanned = 0
        self._pieces = []
        self._size = 0
        return response

    def _read_head(self) -> bool:
        end = self._rest.find(b"\r\n\r\n", self._scanned)
        # Without an end in sight, up to three bytes of the end may be there.
        if end > MAX_HEAD or (end < 0 and len(self._rest) > MAX_HEAD + 3):
            raise LimitExceeded(f"the head of a response is longer than {MAX_HEAD} bytes")
        if end < 0:
            self._scanned = max(0, len(self._rest) - 3)
            return False
        response = parse_head(self._rest[:end])
        self._rest = self._rest[end + 4 :]
        self._scanned = 0
        if response.status >= 200:  # noqa: PLR2004 - an informational response precedes the real one
            self._response = response
            self._frame(response)
        return True

    def _frame(self, response: Response) -> None:
        """Decide how the body ends. Source: RFC 9112, section 6.3."""
        length = response.headers.get("content-length")
        coding = response.headers.get("transfer-encoding")
        if response.status in _NO_BODY:
            return
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise MalformedResponse(f"cannot tell where a body ends: {coding!r}, length {length!r}")
            self._state = _CHUNK_LINE
        elif length is None:
            response.keep_alive = False
            self._state = _UNTIL_CLOSE
        else:
            self._missing = _content_length(length)
            self._state = _SIZED

    def _read_sized(self) -> bool:
        """Move what there is of the sized body or the chunk; true when it is whole."""
        rest = self._rest
        missing = self._missing
        if len(rest) > missing:
            self._keep(rest[:missing])
            self._rest = rest[missing:]
            self._missing = 0
        else:
            self._keep(rest)
            self._rest = b""
            self._missing = missing - len(rest)
        if self._missing:
            return False
        self._state = _HEAD if self._state == _SIZED else _CHUNK_END
        return True

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise LimitExceeded(f"the body of a response is longer than {MAX_BODY} bytes")
        if piece:
            self._pieces.append(piece)

    def _read_chunk_framing(self) -> bool:
        """Consume one line around the chunks: a size, the end of a chunk, a trailer."""
        end = self._rest.find(b"\r\n", self._scanned)
        longest = MAX_HEAD if self._state == _TRAILERS else MAX_CHUNK_LINE
        if end > longest or (end < 0 and len(self._rest) > longest + 1):
            raise LimitExceeded(f"a line between chunks is longer than {longest} bytes")
        if end < 0:
            self._scanned = max(0, len(self._rest) - 1)
            return False
        line, self._rest = self._rest[:end], self._rest[end + 2 :]
        self._scanned = 0
        if b"\n" in line or b"\r" in line:
            raise MalformedResponse("a line between chunks holds a bare CR or a bare LF")
        if self._state == _CHUNK_LINE:
            self._missing = _chunk_size(line)
            self._state = _CHUNK if self._missing else _TRAILERS
        elif self._state == _CHUNK_END:
            if line:
                raise MalformedResponse("a chunk is longer than its announced size")
            self._state = _CHUNK_LINE
        elif line:  # a trailer, which the Runtime API has no use for
            self._size += len(line)
            if self._size > MAX_BODY:
                raise LimitExceeded(f"body and trailers are longer than {MAX_BODY} bytes")
        else:
            self._state = _HEAD
        return True


def _content_length(text: str) -> int:
    if not (text.isdigit() and text.isascii()):
        raise MalformedResponse(f"not a content length: {text[:80]!r}")
    if len(text) <= _LENGTH_DIGITS and (length := int(text)) <= MAX_BODY:
        return length
    raise LimitExceeded(f"a body of {text[:20]} bytes is announced, and {MAX_BODY} are accepted")


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].rstrip(b" \t")
    if not digits or digits.translate(None, _HEX_DIGITS):
        raise MalformedResponse(f"not a chunk size: {line[:80]!r}")
    if len(digits) > MAX_CHUNK_DIGITS:
        raise LimitExceeded(f"a chunk size has more than {MAX_CHUNK_DIGITS} digits")
    return int(digits, 16)
