"""The head of a response: a status line and headers, as text with its meaning.

Where a message ends is decided by what stands here, so everything doubtful is refused: bare line feeds,
folded lines, contradictory lengths.
Source: RFC 9112, sections 4 and 5.
"""

from __future__ import annotations

from aioric.errors import LimitExceeded, MalformedResponse

# The platform sends about ten headers; proxies and emulators may add their own.
MAX_HEADERS = 256

# As the platform's server spells them, so that most headers need neither check nor lower-casing.
_KNOWN_NAMES = {
    name: name.lower()
    for name in (
        "Content-Length",
        "Content-Type",
        "Date",
        "Lambda-Runtime-Aws-Request-Id",
        "Lambda-Runtime-Deadline-Ms",
        "Lambda-Runtime-Invocation-Id",
        "Lambda-Runtime-Invoked-Function-Arn",
        "Lambda-Runtime-Trace-Id",
        "Transfer-Encoding",
    )
}

# What nearly every response begins with: an event, and the acceptance of an answer.
_STATUS_LINES = {"HTTP/1.1 200 OK": 200, "HTTP/1.1 202 Accepted": 202}
_STATUS_DIGITS = 3


class Response:
    """One whole response.

    Attributes:
        status: The status code.
        headers: Values by lower-case name; of repeated headers the last.
        body: The body's bytes, without framing.
        keep_alive: Whether the connection can carry another request.
    """

    __slots__ = ("body", "headers", "keep_alive", "status")

    def __init__(self, status: int, headers: dict[str, str], *, keep_alive: bool) -> None:
        self.status = status
        self.headers = headers
        self.keep_alive = keep_alive
        self.body = b""


class HeadReader:
    """Reads the heads of one connection, of which most differ from the one before in a few lines only."""

    __slots__ = ("_lines", "_names", "_response")

    def __init__(self) -> None:
        self._lines: list[str] = []  # of the head before, if no header was repeated
        self._names: list[str] = []  # of its headers; the status line has the empty one
        self._response = Response(0, {}, keep_alive=False)

    def read(self, head: bytes) -> Response:
        """Read a status line and headers, without the empty line that ends them.

        Raises:
            MalformedResponse: It is not an HTTP/1.x head.
            LimitExceeded: It has more than `MAX_HEADERS` headers.
        """
        lines = _split(head)
        headers = self._changed(lines)
        if headers is not None:
            before = self._response
            response = Response(before.status, headers, keep_alive=before.keep_alive)
            self._lines = lines
        else:
            response = _parse(lines)
            repeated = len(response.headers) + 1 != len(lines)
            self._lines = [] if repeated else lines
            self._names = ["", *response.headers]
        self._response = response
        return response

    def _changed(self, lines: list[str]) -> dict[str, str] | None:
        """The headers, if the head is like the one before but for the values of well-known headers."""
        if len(lines) != len(self._lines):
            return None
        headers = self._response.headers.copy()
        for line, before, name in zip(lines, self._lines, self._names, strict=True):
            if line != before:
                spelled, _, value = line.partition(": ")
                if _KNOWN_NAMES.get(spelled) != name:
                    return None
                headers[name] = value.strip(" \t")
        return headers


def parse_head(head: bytes) -> Response:
    """Read one head, as `HeadReader.read` does without one before it."""
    return _parse(_split(head))


def _split(head: bytes) -> list[str]:
    # UTF-8, as the official client reads headers; what is not UTF-8 survives as surrogates.
    lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    if len(lines) > 1 + MAX_HEADERS:
        raise LimitExceeded(f"a response has more than {MAX_HEADERS} headers")
    joined = "".join(lines)
    if "\r" in joined or "\n" in joined or "\0" in joined:
        raise MalformedResponse("the head of a response holds a bare CR, a bare LF or a NUL")
    return lines


def _parse(lines: list[str]) -> Response:
    first, *rest = lines
    headers: dict[str, str] = {}
    for line in rest:
        spelled, _, value = line.partition(": ")
        name = _KNOWN_NAMES.get(spelled)
        if name is None:
            name, value = _unusual_header(line)
        headers[name] = value.strip(" \t")
    if len(headers) != len(rest):
        _check_repeated(rest)
    status = _STATUS_LINES.get(first) or _status(first)
    connection = headers.get("connection")
    if connection is None:
        return Response(status, headers, keep_alive=first.startswith("HTTP/1.1"))
    return Response(status, headers, keep_alive="close" not in connection.lower())


def _unusual_header(line: str) -> tuple[str, str]:
    spelled, colon, value = line.partition(":")
    if not (colon and spelled and spelled.isprintable() and " " not in spelled):
        raise MalformedResponse(f"not a header line: {line[:80]!r}")
    return spelled.lower(), value


def _check_repeated(lines: list[str]) -> None:
    """Headers may be repeated, but for those that decide where a message ends."""
    headers = [(name, value.strip(" \t")) for name, value in map(_unusual_header, lines)]
    lengths = {value for name, value in headers if name == "content-length"}
    codings = [value for name, value in headers if name == "transfer-encoding"]
    if len(lengths) > 1 or len(codings) > 1:
        raise MalformedResponse("two values for where a body ends")


def _status(line: str) -> int:
    version, _, rest = line.partition(" ")
    status, _, _ = rest.partition(" ")
    digits = len(status) == _STATUS_DIGITS and status.isascii() and status.isdigit()
    if version not in ("HTTP/1.1", "HTTP/1.0") or not digits or status < "100":
        raise MalformedResponse(f"not an HTTP/1.1 status line: {line[:80]!r}")
    return int(status)
