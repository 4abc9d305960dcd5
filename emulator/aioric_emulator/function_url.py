"""A Function URL in the mode RESPONSE_STREAM: HTTP requests to events, streams to HTTP answers.

As on the platform in this mode, an answer of the content type of HTTP integrations begins with a prelude
that says status, headers and cookies, and every other answer is sent as it is, with status 200: an object
with `statusCode` and `body` is not taken apart. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import base64
import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from aioric_emulator.answers import JSON
from aioric_emulator.calls import new_id, new_invocation
from aioric_emulator.messages import MAX_PAYLOAD, Answer
from aioric_emulator.relay import MAX_STREAM, Bandwidth
from aioric_emulator.streamed_call import StreamedCall

if TYPE_CHECKING:
    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.hosted_function import HostedFunction
    from aioric_emulator.messages import Outcome, Rejection

__all__ = ["FunctionUrl"]

HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response"
DELIMITER = b"\0" * 8
# Within so many bytes the delimiter has to come.
MAX_PRELUDE = 16 * 1024
FAILED = Answer(502, (JSON,), b"Internal Server Error")
# What the connection decides itself.
HOP_BY_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"})


class FunctionUrl:
    """The application on a function's own port."""

    def __init__(self, function: HostedFunction) -> None:
        self._function = function

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request."""
        if exchange.is_truncated or exchange.size > MAX_PAYLOAD:
            status = HTTPStatus.BAD_REQUEST if exchange.is_truncated else HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            exchange.reply(Answer(status, (JSON,), b'{"message":null}'))
            return
        is_shaped = self._function.configuration.has_real_bandwidth
        caller = UrlCall(exchange, Bandwidth() if is_shaped else None)
        event = json.dumps(read_event(exchange, time.time())).encode()
        invocation = new_invocation(self._function.configuration, caller, event)
        invocation.response_limit = MAX_STREAM
        self._function.submit(invocation)

    def disconnected(self, exchange: HttpExchange) -> bool:  # noqa: ARG002 - it makes no difference whose it is
        """Let the function go on: a client that leaves does not stop it, and may still be listening."""
        return True


class UrlCall(StreamedCall):
    """A plain HTTP client."""

    def __init__(self, exchange: HttpExchange, bandwidth: Bandwidth | None) -> None:
        super().__init__(exchange, bandwidth)
        self._prelude: bytes | None = None
        self._is_broken = False

    def rejected(self, rejection: Rejection) -> None:
        """Send the error."""
        body = json.dumps({"Message": rejection.message}).encode()
        self._exchange.reply(Answer(rejection.status, (JSON,), body))

    def begin(self, content_type: str) -> None:
        """Send the head, unless the prelude has to come first."""
        if content_type == HTTP_INTEGRATION:
            self._prelude = b""
        else:
            self._exchange.begin(Answer(200, (("Content-Type", content_type),)))

    def piece(self, data: bytes) -> bool:
        """Send a piece, or gather the prelude."""
        if self._is_broken:
            return True
        if self._prelude is None:
            return self._exchange.write(data)
        self._prelude += data
        text, delimiter, rest = self._prelude.partition(DELIMITER)
        if delimiter:
            return self._open(text, rest)
        self._is_broken = len(self._prelude) > MAX_PRELUDE
        return True

    def _open(self, text: bytes, rest: bytes) -> bool:
        head = read_prelude(text)
        if head is None:
            self._is_broken = True
            return True
        self._prelude = None
        self._exchange.begin(head)
        return self._exchange.write(rest)

    def complete(self, outcome: Outcome, *, was_relayed: bool) -> None:
        """Send the end. Of an error a client sees nothing but a stream that breaks off."""
        if not was_relayed and not outcome.is_error:
            self.begin(outcome.content_type or "application/octet-stream")
            self.piece(outcome.body)
        if not self._exchange.has_begun:
            self._exchange.reply(FAILED)
        elif outcome.is_error:
            self._exchange.abort()
        else:
            self._exchange.finish()


def read_prelude(text: bytes) -> Answer | None:
    """Read status, headers and cookies; None where they cannot be an answer's."""
    try:
        metadata = json.loads(text)
        status = int(metadata.get("statusCode", 200))
        headers = list(dict(metadata.get("headers") or {}).items())
        for name, values in dict(metadata.get("multiValueHeaders") or {}).items():
            headers += [(name, value) for value in values]
        headers += [("Set-Cookie", cookie) for cookie in metadata.get("cookies") or []]
    except (ValueError, TypeError, AttributeError):
        return None
    if status not in range(100, 600):
        return None
    kept = [(str(name), str(value)) for name, value in headers if str(name).lower() not in HOP_BY_HOP]
    if not any(name.lower() == "content-type" for name, _ in kept):
        kept.append(("Content-Type", "application/octet-stream"))
    return Answer(status, tuple(kept))


def read_event(exchange: HttpExchange, now: float) -> dict[str, Any]:
    """Give the event of a request: payload format 2.0. `now` is in seconds since the epoch."""
    parts = urlsplit(exchange.target)
    headers = dict(exchange.headers)
    cookies = [each.strip() for each in headers.pop("cookie", "").split(";") if each.strip()]
    host = headers.get("host", "localhost")
    query: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    moment = time.gmtime(now)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(parts.path) or "/",
        "rawQueryString": parts.query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": exchange.method,
                "path": unquote(parts.path) or "/",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": new_id(),
            "routeKey": "$default",
            "stage": "$default",
            "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", moment),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if exchange.body:
        event |= encode_body(exchange.body, headers.get("content-type", ""))
    return event


def encode_body(body: bytes, content_type: str) -> dict[str, Any]:
    """Give the body as text where its type says that it is, else in base64."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("text/") or kind in {"application/json", "application/xml", "application/javascript"}:
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
