"""The vocabulary that protocol, function and drivers share: what the platform asks, what we answer.

Plain classes with slots and no behaviour. `dataclasses` would cost more to import than the whole
protocol, and these are made once per invocation.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the error object after a stream may take: it travels in trailers, and servers in Go, the
# platform's among them, read those through a buffer of 4096 bytes. They refuse what does not fit, and
# the stream with it. Base64 takes four bytes for three, and the names and the type take their part.
MAX_BRIEF = 2_800


class Invocation:
    """One event to be handled, as `GET /runtime/invocation/next` delivered it.

    Every optional field is `None` when the platform did not send it or sent it empty: the Managed
    Instances engine emits empty headers where the classic one leaves them out.

    Attributes:
        request_id: Identifies the event; stays the same across asynchronous retries.
        payload: The event's bytes, not decoded.
        content_type: The caller's content type, verbatim.
        deadline_ms: When the invocation times out, in milliseconds since the epoch; 0 if unknown.
        function_arn: The ARN that was invoked, with alias or version if one was used.
        trace_id: The X-Ray header, verbatim.
        invocation_id: Identifies this attempt; echoed on the answer if, and only if, it is present.
        client_context: Raw JSON from a mobile SDK.
        cognito_identity: Raw JSON about the Cognito identity.
        tenant_id: The tenant, for tenant-isolated functions.
        background: The work that the function has left for after the answer, or `None`.
        lane: By which an event loop streams the answer while the handler runs; `None` elsewhere.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
    """

    __slots__ = (
        "background",
        "client_context",
        "cognito_identity",
        "content_type",
        "deadline_ms",
        "function_arn",
        "invocation_id",
        "lane",
        "payload",
        "request_id",
        "tenant_id",
        "trace_id",
    )

    def __init__(
        self,
        request_id: str,
        payload: bytes,
        content_type: str | None = None,
        deadline_ms: int = 0,
        function_arn: str | None = None,
        trace_id: str | None = None,
        invocation_id: str | None = None,
        client_context: str | None = None,
        cognito_identity: str | None = None,
        tenant_id: str | None = None,
    ) -> None:
        self.request_id = request_id
        self.payload = payload
        self.content_type = content_type
        self.deadline_ms = deadline_ms
        self.function_arn = function_arn
        self.trace_id = trace_id
        self.invocation_id = invocation_id
        self.client_context = client_context
        self.cognito_identity = cognito_identity
        self.tenant_id = tenant_id
        self.background: list[Any] | None = None
        self.lane: Any = None


class Buffered:
    """A successful answer that is complete: its bytes and their content type."""

    __slots__ = ("body", "content_type")

    def __init__(self, body: bytes, content_type: str) -> None:
        self.body = body
        self.content_type = content_type


class Streamed:
    """A successful answer that is made while it is sent.

    Attributes:
        content_type: Of the whole body.
        prelude: What goes before the first piece, in one chunk with it; empty if nothing does.
        pieces: Where they come from; `function.streaming` has the two kinds.
        keep_alive: What to send when nothing was sent for so long, in seconds; `None` for nothing.
    """

    __slots__ = ("content_type", "keep_alive", "pieces", "prelude")

    def __init__(
        self,
        content_type: str,
        prelude: bytes,
        pieces: Any,
        keep_alive: tuple[float, bytes] | None = None,
    ) -> None:
        self.content_type = content_type
        self.prelude = prelude
        self.pieces = pieces
        self.keep_alive = keep_alive


class Failed:
    """A failed invocation, or a failed init.

    Attributes:
        body: The error object as JSON, as the caller will see it.
        error_type: AWS's name for the kind of failure, or the exception's class name.
        xray_cause: One line of ASCII JSON for X-Ray, or `None`.
        brief: The body in at most `MAX_BRIEF` bytes, for the end of a stream.
    """

    __slots__ = ("body", "brief", "error_type", "xray_cause")

    def __init__(self, body: bytes, error_type: str, xray_cause: bytes | None = None) -> None:
        self.body = body
        self.brief = body
        self.error_type = error_type
        self.xray_cause = xray_cause
