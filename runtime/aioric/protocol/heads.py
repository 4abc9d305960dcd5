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

# Of those, what may differ from event to event of a function, as bytes.
_CHANGING = {
    spelled.encode(): _KNOWN_NAMES[spelled]
    for spelled in (
        "Content-Length",
        "Date",
        "Lambda-Runtime-Aws-Request-Id",
        "Lambda-Runtime-Deadline-Ms",
        "Lambda-Runtime-Invocation-Id",
        "Lambda-Runtime-Trace-Id",
    )
}
# Heads of one function differ in length by the digits of a length or two, if at all.
MAX_LAYOUTS = 16

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


class Layout:
    """Heads of one length that differ in a few values only: where those stand, and what stands between.

    Args:
        head: One such head.
        response: What it said.
        changing: The names of the headers whose values may differ.

    Attributes:
        changing: The same, as is `headers` what the head said.
    """

    __slots__ = ("_fixed", "_keep_alive", "_status", "_values", "changing", "headers")

    def __init__(self, head: bytes, response: Response, changing: set[str]) -> None:
        self._status = response.status
        self._keep_alive = response.keep_alive
        self.headers = response.headers
        self.changing = changing
        self._values: list[tuple[str, slice]] = []
        self._fixed: list[tuple[slice, str]] = []
        start = stop = 0
        for line in head.split(b"\r\n"):
            spelled, _, value = line.partition(b": ")
            end = start + len(line)
            if _CHANGING.get(spelled) in changing:
                begin = end - len(value)
                self._values.append((_CHANGING[spelled], slice(begin, end)))
                self._fixed.append((slice(stop, begin), head[stop:begin].decode("latin-1")))
                stop = end
            start = end + 2
        self._fixed.append((slice(stop, None), head[stop:].decode("latin-1")))

    def read(self, head: bytes) -> Response | None:
        """What another head of this length says, if that can be told at a glance."""
        if not head.isascii():  # only then a character is where its byte is
            return None
        text = head.decode()
        for where, fixed in self._fixed:
            if text[where] != fixed:
                return None
        headers = self.headers.copy()
        for name, where in self._values:
            value = text[where]
            if not value.isprintable():  # as line ends are not
                return None
            headers[name] = value.strip(" ")
        return Response(self._status, headers, keep_alive=self._keep_alive)

    def changed(self, headers: dict[str, str]) -> set[str]:
        """What may change, now that a head of this length said something else."""
        before = self.headers
        return self.changing | {name for name in _CHANGING.values() if before.get(name) != headers.get(name)}


class HeadReader:
    """Reads the heads of one connection, of which most differ from one before in a few values only."""

    __slots__ = ("_layouts",)

    def __init__(self) -> None:
        self._layouts: dict[int, Layout] = {}

    def read(self, head: bytes) -> Response:
        """Read a status line and headers, without the empty line that ends them.

        Raises:
            MalformedResponse: It is not an HTTP/1.x head.
            LimitExceeded: It has more than `MAX_HEADERS` headers.
        """
        layout = self._layouts.get(len(head))
        response = None if layout is None else layout.read(head)
        if response is None:
            lines = _split(head)
            response = _parse(lines)
            if len(response.headers) + 1 == len(lines):  # none is repeated
                self._remember(head, response, layout)
        return response

    def _remember(self, head: bytes, response: Response, before: Layout | None) -> None:
        changing: set[str] = set()
        if before is not None:
            changing = before.changed(response.headers)
            if changing == before.changing:  # something else differs: another layout would serve no better
                return
        elif len(self._layouts) == MAX_LAYOUTS:
            self._layouts.clear()
        self._layouts[len(head)] = Layout(head, response, changing)


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
