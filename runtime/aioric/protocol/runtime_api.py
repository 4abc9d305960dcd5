"""The Runtime API: one function per endpoint, requests as bytes, responses as messages.

What never changes from one invocation to the next is formatted once, when the address is known.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

from aioric.errors import MalformedResponse, PlatformRefused
from aioric.messages import Buffered, Failed, Invocation, Streamed
from aioric.protocol.heads import Layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.protocol.heads import Response

# What may stand in a path as it is (RFC 3986, section 2.3). Request ids are UUIDs unless a caller
# chose otherwise.
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

# The server keeps 64 KiB of an X-Ray cause; `faults` trims it before it comes here.
_ERROR_TYPE = b"Lambda-Runtime-Function-Error-Type: "
_XRAY_CAUSE = b"Lambda-Runtime-Function-XRay-Error-Cause: "

_STREAMING = (
    b"Lambda-Runtime-Function-Response-Mode: streaming\r\n"
    b"Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"Connection: close\r\n"
)

# More digits than 64 bits hold are not a time.
_DEADLINE_DIGITS = 19

# Heads of one function's events differ in length by the digits of a length or two, if at all. Whoever has
# sent so many that had to be read in full will send more, and to remember those as well is no use.
MAX_LAYOUTS = 32

JSON = "application/json"

_INVOCATION = b" /2018-06-01/runtime/invocation/"


class RuntimeApi:
    """Writes the requests for one Runtime API.

    Args:
        address: `host:port`, as in `AWS_LAMBDA_RUNTIME_API`.
        user_agent: Its first word is what the platform records as the runtime's release.

    Attributes:
        next_invocation: `GET /2018-06-01/runtime/invocation/next`, complete.
        restore_next: `GET /2018-06-01/runtime/restore/next`, complete.
    """

    __slots__ = ("_common", "_invocation", "_json", "next_invocation", "restore_next")

    def __init__(self, address: str, user_agent: str) -> None:
        self._common = f" HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {user_agent}\r\n".encode()
        self.next_invocation = b"GET" + _INVOCATION + b"next" + self._common + b"\r\n"
        self.restore_next = b"GET /2018-06-01/runtime/restore/next" + self._common + b"\r\n"
        self._invocation = b"POST" + _INVOCATION
        self._json = self._typed(JSON)

    def response(self, invocation: Invocation, answer: Buffered) -> bytes:
        """The head of `POST /2018-06-01/runtime/invocation/{AwsRequestId}/response`."""
        request_id = invocation.request_id.encode("utf-8", "surrogateescape")
        return b"%b%b/response%b%bContent-Length: %d\r\n\r\n" % (
            self._invocation,
            request_id if request_id.replace(b"-", b"").isalnum() else _path_segment(request_id),
            self._json if answer.content_type == JSON else self._typed(answer.content_type),
            b"" if invocation.invocation_id is None else _echo(invocation.invocation_id),
            len(answer.body),
        )

    def _typed(self, content_type: str) -> bytes:
        """The headers that every POST has, and its content type."""
        return b"%bContent-Type: %b\r\n" % (self._common, printable(content_type))

    def stream(self, invocation: Invocation, answer: Streamed) -> bytes:
        """The head of `POST /2018-06-01/runtime/invocation/{AwsRequestId}/response` for a stream.

        The documentation asks for every line of it, `Connection: close` too.
        Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
        """
        return b"%b%b/response%bContent-Type: %b\r\n%b%b\r\n" % (
            self._invocation,
            _path_segment(invocation.request_id.encode("utf-8", "surrogateescape")),
            self._common,
            printable(answer.content_type),
            b"" if invocation.invocation_id is None else _echo(invocation.invocation_id),
            _STREAMING,
        )

    def error(self, invocation: Invocation, answer: Failed) -> bytes:
        """The head of `POST /2018-06-01/runtime/invocation/{AwsRequestId}/error`."""
        cause = b"" if answer.xray_cause is None else _XRAY_CAUSE + answer.xray_cause + b"\r\n"
        return b"%b%b/error%bContent-Type: application/json\r\n%b%bContent-Length: %d\r\n\r\n" % (
            self._invocation,
            _path_segment(invocation.request_id.encode("utf-8", "surrogateescape")),
            self._common,
            b"" if invocation.invocation_id is None else _echo(invocation.invocation_id),
            cause,
            len(answer.body),
        )

    def init_error(self, failure: Failed) -> bytes:
        """`POST /2018-06-01/runtime/init/error`, complete."""
        return self._report(b"init/error", failure)

    def restore_error(self, failure: Failed) -> bytes:
        """`POST /2018-06-01/runtime/restore/error`, complete."""
        return self._report(b"restore/error", failure)

    def _report(self, endpoint: bytes, failure: Failed) -> bytes:
        head = (
            b"POST /2018-06-01/runtime/%b%bContent-Type: application/json\r\n%b%b\r\n"
            b"Content-Length: %d\r\n\r\n"
        )
        error_type = printable(failure.error_type)
        return head % (endpoint, self._common, _ERROR_TYPE, error_type, len(failure.body)) + failure.body


def read_invocation(response: Response) -> Invocation:
    """The event in an answer to `/runtime/invocation/next`. Empty headers count as absent.

    Raises:
        PlatformRefused: There will be no event for this process any more.
        MalformedResponse: The event has no request id.
    """
    if response.status != 200:  # noqa: PLR2004 - OK
        raise PlatformRefused(
            f"/runtime/invocation/next was answered {response.status} {_explanation(response)}",
            response.status,
        )
    get = response.headers.get
    request_id = get("lambda-runtime-aws-request-id")
    if not request_id:
        raise MalformedResponse("an event came without Lambda-Runtime-Aws-Request-Id")
    return Invocation(
        request_id,
        response.body,
        get("content-type") or None,
        _deadline(get("lambda-runtime-deadline-ms", "")),
        get("lambda-runtime-invoked-function-arn") or None,
        get("lambda-runtime-trace-id") or None,
        get("lambda-runtime-invocation-id") or None,
        get("lambda-runtime-client-context") or None,
        get("lambda-runtime-cognito-identity") or None,
        get("lambda-runtime-aws-tenant-id") or None,
    )


class FamiliarEvents:
    """Events of one connection after the other, told by what differs from one that was read in full."""

    __slots__ = ("_layouts", "_left")

    def __init__(self) -> None:
        # By the length of the head; with what all events of a layout have in common.
        self._layouts: dict[int, tuple[Layout, Invocation]] = {}
        self._left = MAX_LAYOUTS

    def learn(self, response: Response, invocation: Invocation) -> None:
        """Remember what an event looked like, if it came at once and there is nothing unusual about it."""
        head = response.head
        if not (head and self._left and head.isascii() and response.keep_alive and invocation.deadline_ms):
            return
        if head.count(b"\r\n") == len(response.headers):  # none is repeated
            self._left -= 1
            self._layouts[len(head)] = Layout(head.decode()), _common(invocation)

    def read(self, data: bytes) -> Invocation | None:
        """The event that is all of `data`, if it differs from one before in nothing but a few values.

        It is what `read_invocation` makes of the same bytes; `None` says nothing about them.
        """
        head, end, payload = data.partition(b"\r\n\r\n")
        known = self._layouts.get(len(head))
        if known is None or not end:
            return None
        layout, like = known
        text = head.decode("latin-1")  # each byte in its place
        values = layout.cut(text)
        form = layout.form.copy()
        form[1::2] = values
        if "".join(form) != text:
            return None
        request_id, deadline, trace_id, invocation_id, length = varying = layout.sort(values)
        read = "".join(varying)
        plain = read + values[layout.unread]
        if "\r" in plain or "\n" in plain or "\0" in plain or not plain.isascii():
            return None
        if " " in read or "\t" in read or not request_id or length != str(len(payload)):  # spaces may go
            return None
        if not deadline.isdigit() or len(deadline) > _DEADLINE_DIGITS:
            return None
        return Invocation(
            request_id,
            payload,
            like.content_type,
            int(deadline),
            like.function_arn,
            trace_id or None,
            invocation_id or None,
            like.client_context,
            like.cognito_identity,
            like.tenant_id,
        )


def _common(invocation: Invocation) -> Invocation:
    """What other events may have in common with this one: nothing that varies, and not its payload."""
    return Invocation(
        "",
        b"",
        invocation.content_type,
        function_arn=invocation.function_arn,
        client_context=invocation.client_context,
        cognito_identity=invocation.cognito_identity,
        tenant_id=invocation.tenant_id,
    )


def _deadline(text: str) -> int:
    """Milliseconds since the epoch; 0 for nonsense, which the Managed Instances emulator may send."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DEADLINE_DIGITS else 0


def read_refusal(response: Response) -> str | None:
    """Why an answer or report was not accepted, or `None` if it was.

    A refusal (too large, too late, not the current invocation) is the end of that invocation and of
    nothing else: the platform has told the caller already.

    Raises:
        PlatformRefused: A 5xx, which the documentation calls non-recoverable: the process must end.
    """
    if 200 <= response.status < 300:  # noqa: PLR2004 - any success
        return None
    reason = f"{response.status} {_explanation(response)}"
    if response.status >= 500:  # noqa: PLR2004 - any server error
        raise PlatformRefused(f"the Runtime API cannot go on: {reason}", response.status)
    return reason


def _explanation(response: Response) -> str:
    return response.body[:500].decode("utf-8", "replace").strip()


def _echo(invocation_id: str) -> bytes:
    """The header that names the attempt: to be sent if, and only if, the event carried it."""
    return b"Lambda-Runtime-Invocation-Id: %b\r\n" % invocation_id.encode("utf-8", "surrogateescape")


def printable(text: str) -> bytes:
    """A class may have any name, and a function choose any content type; a header may not."""
    if text.isascii() and text.isprintable():
        return text.encode()
    return "".join(character if " " <= character <= "~" else "?" for character in text).encode()


def _path_segment(request_id: bytes) -> bytes:
    if not request_id.translate(None, _UNRESERVED):
        return request_id
    return b"".join(bytes((byte,)) if byte in _UNRESERVED else b"%%%02X" % byte for byte in request_id)
