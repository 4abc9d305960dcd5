"""A request and its answer between a connection and the application that it serves."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aioric_emulator.known_heads import KnownHead
    from aioric_emulator.messages import Answer
    from aioric_emulator.relay import Relay

__all__ = ["Application", "HttpExchange", "ReplySink", "has_body", "render"]

REASONS = {status.value: status.phrase for status in HTTPStatus}
# RFC 9110, section 6.4.1.
BODILESS = frozenset({HTTPStatus.NO_CONTENT.value, HTTPStatus.NOT_MODIFIED.value})
LINE_BREAKS = str.maketrans("\r\n", "  ")


class ReplySink(Protocol):
    """Where an exchange's answer goes: its connection."""

    @property
    def peer_port(self) -> int:
        """The port at the other end."""

    def reply(self, exchange: HttpExchange, answer: Answer) -> None:
        """Send the answer."""

    def begin(self, exchange: HttpExchange, head: Answer) -> None:
        """Send the head of an answer in chunks."""

    def write(self, exchange: HttpExchange, data: bytes) -> bool:
        """Send a chunk; give whether there is room for more now."""

    def finish(self, exchange: HttpExchange) -> None:
        """Send the last chunk."""

    def push(self, exchange: HttpExchange, data: bytes) -> None:
        """Send bytes of the answer as they are."""

    def conclude(self, exchange: HttpExchange) -> None:
        """Serve the next request: the answer has been sent as bytes."""

    def pause(self, exchange: HttpExchange) -> None:
        """Read no more of the request."""

    def resume(self, exchange: HttpExchange) -> None:
        """Read on."""

    def abort(self) -> None:
        """Close at once."""

    def reset(self) -> None:
        """Close at once, so that the peer is told of an error."""


class Application(Protocol):
    """Who answers the requests of a server's connections."""

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request, and answer it now or later."""

    def disconnected(self, exchange: HttpExchange) -> bool:
        """Take note that a request's peer left, or sends no more, before the answer.

        Give whether there will be an answer nevertheless, for a peer that only stopped sending.
        """


class HttpExchange:
    """One request and its way back. Header names are lower case; repeated headers are joined."""

    __slots__ = (
        "body",
        "connection",
        "fault",
        "fields",
        "has_begun",
        "headers",
        "is_bodiless",
        "is_truncated",
        "keep_alive",
        "known",
        "method",
        "on_room",
        "peer",
        "relay",
        "size",
        "target",
        "trailers",
    )

    def __init__(self, connection: ReplySink) -> None:
        # What the request came by.
        self.connection = connection
        self.method = ""
        self.target = ""
        self.headers: dict[str, str] = {}
        self.trailers: dict[str, str] = {}
        self.body = b""
        # The bytes of the whole body; `body` holds no more than MAX_KEPT of them.
        self.size = 0
        self.keep_alive = True
        self.is_truncated = False
        self.fault: Answer | None = None
        # The kind that its head is of, where that was seen before.
        self.known: KnownHead | None = None
        # For an application that keeps fields: the headers as they came, and the peer's address.
        self.fields: Sequence[tuple[str, str]] = ()
        self.peer = "127.0.0.1"
        # Passes the body on while it arrives; then nothing of it is kept.
        self.relay: Relay | None = None
        # Whether an answer in pieces has begun, and who is told when there is room for more of it or not.
        self.has_begun = False
        self.is_bodiless = False
        self.on_room: Callable[[bool], None] | None = None

    def begin(self, head: Answer) -> None:
        """Send the head of an answer whose body comes in pieces."""
        self.has_begun = True
        self.connection.begin(self, head)

    def write(self, data: bytes) -> bool:
        """Send a piece of the body; give whether there is room for more now."""
        return self.connection.write(self, data)

    def finish(self) -> None:
        """End the body."""
        self.connection.finish(self)

    def abort(self) -> None:
        """Break the connection off, so that the body does not look whole."""
        self.connection.abort()

    def push(self, data: bytes) -> None:
        """Send bytes of the answer as they are, in a segment of their own if there is time between two."""
        self.connection.push(self, data)

    def conclude(self) -> None:
        """Say that the answer has been sent as bytes."""
        self.connection.conclude(self)

    def reset(self) -> None:
        """Break the connection off, so that the peer is told of an error."""
        self.connection.reset()

    def pause(self) -> None:
        """Read no more of this request's body for now."""
        self.connection.pause(self)

    def resume(self) -> None:
        """Read on."""
        self.connection.resume(self)

    def reply(self, answer: Answer) -> None:
        """Send the answer. One that comes too late, because the peer left, goes nowhere."""
        self.connection.reply(self, answer)


def has_body(method: str, status: int) -> bool:
    """Whether an answer of this status to this method has a body, even an empty one."""
    return method != "HEAD" and status not in BODILESS


def render(answer: Answer, *, keep_alive: bool, is_chunked: bool = False, method: str = "") -> bytes:
    """Give an answer's bytes, or the head of one whose body comes in chunks.

    A line break in a header's value becomes a space. `method` is the request's: to HEAD there is no body.
    """
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, '')}\r\n"]
    for name, value in answer.headers:
        if "\n" in value or "\r" in value:
            value = value.translate(LINE_BREAKS)  # noqa: PLW2901 - the clean value takes the other's place
        lines.append(f"{name}: {value}\r\n")
    if not keep_alive:
        lines.append("Connection: close\r\n")
    if answer.status not in BODILESS:
        lines.append(
            "Transfer-Encoding: chunked\r\n" if is_chunked else f"Content-Length: {len(answer.body)}\r\n"
        )
    lines.append("\r\n")
    head = "".join(lines).encode("utf-8", "surrogateescape")
    return head + answer.body if has_body(method, answer.status) else head
