"""The Lambda API's `Invoke`, as boto3, the AWS CLI and any HTTP client use it: requests to invocations.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from aioric_emulator.answers import JSON
from aioric_emulator.calls import new_invocation, refuse_payload
from aioric_emulator.messages import Answer, Outcome, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Ending, Invocation

__all__ = ["FrontDoor"]

PREFIX = "/2015-03-31/functions/"
SUFFIX = "/invocations"
# A name, a name with its account, or an ARN; each with or without a qualifier.
FUNCTION = re.compile(
    r"(?:(?:arn:[\w-]+:lambda:[\w-]+:)?\d{12}:(?:function:)?)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)
# Base64 of the client context, and the bytes of the log that a caller may see.
MAX_CLIENT_CONTEXT = 3583
MAX_TAIL = 4096
# Names in which the service model spells its message with a capital.
CAPITAL = frozenset({"ResourceNotFoundException", "ServiceException"})


def error_answer(rejection: Rejection, request_id: str = "") -> Answer:
    """Give a rejection's answer in the service model's shape."""
    kind = rejection.error_type
    key = "Message" if kind in CAPITAL else "message"
    body: dict[str, str] = {"Type": "User", key: rejection.message}
    if rejection.reason:
        body["Reason"] = rejection.reason
    headers = [JSON]
    if request_id:
        headers.append(("X-Amzn-RequestId", request_id))
    headers.append(("x-amzn-ErrorType", kind))
    return Answer(rejection.status, tuple(headers), json.dumps(body).encode())


class HttpCaller:
    """A caller at the other end of a connection."""

    def __init__(self, exchange: HttpExchange, *, wants_logs: bool) -> None:
        self.wants_logs = wants_logs
        self.invocation: Invocation
        self._exchange = exchange
        self._outcome: Outcome | None = None
        # A line has a byte at least, so that older ones cannot be within the tail.
        self._lines: deque[str] = deque(maxlen=MAX_TAIL)

    def answered(self, outcome: Outcome) -> None:
        """Send the answer; with the log's tail asked for, it has to wait for the REPORT line."""
        self._outcome = outcome
        if not self.wants_logs:
            self._send(outcome)

    def finished(self, ending: Ending, max_memory: int) -> None:  # noqa: ARG002 - the figures are in the log
        """Send an answer that had to wait."""
        if self.wants_logs and self._outcome is not None:
            self._send(self._outcome)

    def rejected(self, rejection: Rejection) -> None:
        """Send the error."""
        self._exchange.reply(error_answer(rejection, self.invocation.request_id))

    def logged(self, line: str, *, is_platform: bool) -> None:  # noqa: ARG002 - the tail has all lines
        """Keep a line for the tail."""
        if self.wants_logs:
            self._lines.append(line)

    def _send(self, outcome: Outcome) -> None:
        headers = [("Content-Type", outcome.content_type or "application/json")]
        headers.append(("X-Amz-Executed-Version", "$LATEST"))
        if outcome.is_error:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        if self.wants_logs:
            tail = "".join(f"{line}\n" for line in self._lines).encode()[-MAX_TAIL:]
            headers.append(("X-Amz-Log-Result", base64.b64encode(tail).decode()))
        headers.append(("X-Amzn-RequestId", self.invocation.request_id))
        headers.append(("X-Amzn-Trace-Id", self.invocation.trace_id))
        self._exchange.reply(Answer(200, tuple(headers), outcome.body))


class FrontDoor:
    """The application on the emulator's public port."""

    def __init__(self, configuration: FunctionConfiguration, submit: Callable[[Invocation], None]) -> None:
        self._configuration = configuration
        self._submit = submit
        # The target that nearly every request has: known without taking it apart.
        self._plain_target = f"{PREFIX}{configuration.name}{SUFFIX}"

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request."""
        rejection = self._refuse_body(exchange) if exchange.is_truncated else None
        qualifier = ""
        if rejection is None and exchange.target != self._plain_target:
            rejection, qualifier = self._read_target(exchange.target)
        if rejection is None and exchange.method != "POST":
            rejection = Rejection(405, "MethodNotAllowedException", "Invoke takes POST")
        if rejection is None:
            rejection = self._invoke(exchange, qualifier)
        if rejection is not None:
            exchange.reply(error_answer(rejection))

    def disconnected(self, exchange: HttpExchange) -> bool:  # noqa: ARG002 - it makes no difference whose it is
        """Let the function go on: a caller that leaves does not stop it, and may still be listening."""
        return True

    def _refuse_body(self, _exchange: HttpExchange) -> Rejection:
        return Rejection(400, "InvalidRequestContentException", "The request's body is truncated")

    def _read_target(self, target: str) -> tuple[Rejection | None, str]:
        parts = urlsplit(target)
        path = parts.path
        if not path.startswith(PREFIX) or not path.endswith(SUFFIX):
            return Rejection(404, "UnknownOperationException", f"No operation at {path}"), ""
        found = FUNCTION.fullmatch(unquote(path[len(PREFIX) : -len(SUFFIX)]))
        if found is None:
            return Rejection(400, "ValidationException", "The function's name is not valid"), ""
        if found["name"] != self._configuration.name:
            arn = f"{self._configuration.arn.rpartition(':')[0]}:{found['name']}"
            return Rejection(404, "ResourceNotFoundException", f"Function not found: {arn}"), ""
        qualifier = parse_qs(parts.query).get("Qualifier", [found["qualifier"] or ""])[0]
        return None, qualifier

    def _invoke(self, exchange: HttpExchange, qualifier: str) -> Rejection | None:
        headers = exchange.headers
        kind = headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "DryRun":
            exchange.reply(Answer(204))
            return None
        if kind != "RequestResponse":
            message = f"Invocation type {kind} is not supported by this emulator yet; use RequestResponse"
            return Rejection(400, "InvalidParameterValueException", message)
        rejection = refuse_payload(exchange.body, exchange.size)
        if rejection is not None:
            return rejection
        try:
            context = read_client_context(headers.get("x-amz-client-context", ""))
        except ValueError as error:
            return Rejection(400, "InvalidRequestContentException", str(error))
        caller = HttpCaller(exchange, wants_logs=headers.get("x-amz-log-type") == "Tail")
        caller.invocation = new_invocation(
            self._configuration,
            caller,
            exchange.body,
            client_context=context,
            tenant_id=headers.get("x-amz-tenant-id", ""),
            trace_id=headers.get("x-amzn-trace-id", ""),
            qualifier=qualifier,
        )
        self._submit(caller.invocation)
        return None


def read_client_context(header: str) -> str:
    """Give the JSON text of a client context. Raises `ValueError` where it is none, or too long."""
    if not header:
        return ""
    if len(header) > MAX_CLIENT_CONTEXT:
        raise ValueError(f"Client context must be no longer than {MAX_CLIENT_CONTEXT} bytes")
    try:
        text = base64.b64decode(header, validate=True).decode()
        json.loads(text)
    except (binascii.Error, ValueError):
        raise ValueError("Client context must be a valid Base64-encoded JSON object.") from None
    return text
