"""The head of a response: a status line and headers, as text with its meaning.

Where a message ends is decided by what stands here, so everything doubtful is refused: bare line feeds,
folded lines, contradictory lengths.
Source: RFC 9112, sections 4 and 5.
"""

from __future__ import annotations

from _operator import itemgetter  # `operator` is only this, behind a module more to read

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

# Of those, what may differ from event to event of a function, in the order in which a layout tells it.
VARYING = (
    "Lambda-Runtime-Aws-Request-Id",
    "Lambda-Runtime-Deadline-Ms",
    "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Invocation-Id",
    "Content-Length",
)
# This differs too, and nobody reads it.
_UNREAD = "Date"

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
        head: Its bytes, without the empty line that ends it; empty if they came in pieces, or the body's
            length was not among them.
    """

    __slots__ = ("body", "head", "headers", "keep_alive", "status")

    def __init__(self, status: int, headers: dict[str, str], *, keep_alive: bool) -> None:
        self.status = status
        self.headers = headers
        self.keep_alive = keep_alive
        self.body = b""
        self.head = b""


class Layout:
    """Heads of one length that differ in a few values only: where those stand, and what stands around them.

    Args:
        head: One such head, in which no header is repeated.

    Attributes:
        cut: Takes the values out of another head, in its order, and adds an empty one for what it lacks.
        form: What stands before each value, followed by room for it: with its values in the rooms and then
            joined, a head is the same again.
        sort: Puts the values in the order of `VARYING`.
        unread: Which value nobody reads.
    """

    __slots__ = ("cut", "form", "sort", "unread")

    def __init__(self, head: str) -> None:
        self.form: list[str] = []
        names: list[str] = []
        places: list[slice] = []
        start = stop = 0
        for line in head.split("\r\n"):
            name, _, value = line.partition(": ")
            end = start + len(line)
            if name in VARYING or name == _UNREAD:
                names.append(name)
                places.append(slice(end - len(value), end))
                self.form += (head[stop : end - len(value)], "")
                stop = end
            start = end + 2
        self.form += (head[stop:], "")
        self.cut = itemgetter(*places, slice(0, 0))
        self.sort = itemgetter(*[names.index(name) if name in names else -1 for name in VARYING])
        self.unread = names.index(_UNREAD) if _UNREAD in names else -1


def parse_head(head: bytes) -> Response:
    """Read a status line and headers, without the empty line that ends them.

    Raises:
        MalformedResponse: It is not an HTTP/1.x head.
        LimitExceeded: It has more than `MAX_HEADERS` headers.
    """
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
