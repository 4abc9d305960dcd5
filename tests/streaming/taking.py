"""One stream as two independent parsers read it, byte for byte, and how a test takes it."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import h11

from tests.drivers.peer import PATIENCE, accepted, event

if TYPE_CHECKING:
    from tests.drivers.peer import Line, Peer

TRAILERS = ("lambda-runtime-function-error-type", "lambda-runtime-function-error-body")
DELIMITER = b"\0" * 8


class Taken(NamedTuple):
    """A whole streamed answer, as h11 reads it; names in lower case."""

    target: str
    headers: dict[str, str]
    chunks: list[bytes]
    trailers: dict[str, str]
    wire: bytes

    @property
    def body(self) -> bytes:
        """What was streamed."""
        return b"".join(self.chunks)

    @property
    def error(self) -> Any:
        """The error object after the stream."""
        return json.loads(base64.b64decode(self.trailers[TRAILERS[1]], validate=True))


def read_stream(wire: bytes) -> Taken | None:
    """What h11's server side makes of one request; `None` while it is not whole.

    Raises:
        h11.RemoteProtocolError: It finds the bytes invalid.
    """
    if not wire:  # which would be the end of the connection to h11
        return None
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(wire)
    head: h11.Request | None = None
    chunks: list[bytes] = []
    while (happened := connection.next_event()) is not h11.NEED_DATA:
        if isinstance(happened, h11.Request):
            head = happened
        elif isinstance(happened, h11.Data):
            if happened.chunk_start or not chunks:
                chunks.append(b"")
            chunks[-1] += bytes(happened.data)
        elif isinstance(happened, h11.EndOfMessage):
            assert head is not None
            trailers = {name.decode(): value.decode() for name, value in happened.headers}
            headers = {name.decode(): value.decode() for name, value in head.headers}
            return Taken(head.target.decode(), headers, chunks, trailers, wire)
    return None


def serve(
    peer: Peer, request_id: str = "id-1", payload: bytes = b"{}", headers: dict[str, str] | None = None
) -> Line:
    """Hand out an event on the runtime's next connection."""
    line = peer.accept()
    line.expect_poll()
    line.send(event(request_id, payload, headers=headers))
    return line


def take(line: Line) -> Taken:
    """Take a stream to its end and acknowledge it. httptools, in the line, has to agree with h11."""
    wire = b""
    deadline = time.monotonic() + PATIENCE
    while (taken := read_stream(wire)) is None:
        segment = line.segment()
        assert segment, f"the runtime has closed the connection after {wire!r}"
        assert time.monotonic() < deadline
        wire += segment
    request = line.request()
    assert (request.method, request.path, request.body) == ("POST", taken.target, taken.body)
    line.send(accepted(close=True))
    return taken


def deadline_in(seconds: float) -> dict[str, str]:
    """The header of a deadline."""
    return {"Lambda-Runtime-Deadline-Ms": str(round((time.time() + seconds) * 1000))}
