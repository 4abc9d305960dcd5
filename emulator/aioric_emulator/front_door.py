"""The Lambda API's `Invoke`, as boto3, the AWS CLI and any HTTP client use it: requests to invocations.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from aioric_emulator.calls import new_invocation, refuse_payload
from aioric_emulator.dashboard import DASHBOARD
from aioric_emulator.exchange import HttpExchange
from aioric_emulator.http_caller import HttpCaller, error_answer
from aioric_emulator.messages import Answer, Rejection
from aioric_emulator.relay import MAX_STREAM, Bandwidth
from aioric_emulator.streaming_front import EventStreamCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aioric_emulator.allowed_hosts import AllowedHosts
    from aioric_emulator.dashboard import Dashboard
    from aioric_emulator.hosted_function import HostedFunction

__all__ = ["FrontDoor"]

PREFIX = "/2015-03-31/functions/"
SUFFIX = "/invocations"
STREAM_PREFIX = "/2021-11-15/functions/"
STREAM_SUFFIX = "/response-streaming-invocations"
# A name, a name with its account, or an ARN; each with or without a qualifier.
FUNCTION = re.compile(
    r"(?:(?:arn:[\w-]+:lambda:[\w-]+:)?\d{12}:(?:function:)?)?"
    r"(?P<name>[\w-]+)(?::(?P<qualifier>\$LATEST|[\w-]+))?"
)
# What a caller may choose where callers may choose at all: it becomes part of a URL.
REQUEST_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)
# Base64 of the client context.
MAX_CLIENT_CONTEXT = 3583


class CallRefused(Exception):
    """A call that gets an error of the service model's, and reaches no function."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.rejection = Rejection(status, error_type, message)

    @classmethod
    def by(cls, rejection: Rejection) -> CallRefused:
        """Give the exception for a rejection that was already made."""
        return cls(rejection.status, rejection.error_type, rejection.message)


class FrontDoor:
    """The application on the emulator's public port. Without `hosts` it may be called by any name."""

    def __init__(
        self,
        functions: Mapping[str, HostedFunction],
        dashboard: Dashboard | None = None,
        hosts: AllowedHosts | None = None,
    ) -> None:
        self._functions = functions
        self._hosts = hosts
        self._dashboard = dashboard
        # The targets that nearly every request has: known without taking them apart.
        self._plain = {f"{PREFIX}{name}{SUFFIX}": function for name, function in functions.items()}

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request."""
        if self._dashboard is not None and exchange.target.startswith(DASHBOARD):
            self._dashboard.handle(exchange)
            return
        if self._dashboard is not None and exchange.target == "/" and exchange.method == "GET":
            # Nothing of the service's is there, and a person in a browser has been told this port.
            exchange.reply(Answer(302, (("Location", DASHBOARD),)))
            return
        try:
            self._invoke(exchange)
        except CallRefused as refusal:
            exchange.reply(error_answer(refusal.rejection))

    def disconnected(self, exchange: HttpExchange) -> bool:
        """Let the function go on: a caller that leaves does not stop it, and may still be listening."""
        return self._dashboard is None or not self._dashboard.disconnected(exchange)

    def _find(self, target: str) -> tuple[HostedFunction, str]:
        try:
            parts = urlsplit(target)
        except ValueError:
            raise CallRefused(404, "UnknownOperationException", f"No operation at {target}") from None
        path = parts.path
        if not path.startswith(PREFIX) or not path.endswith(SUFFIX):
            raise CallRefused(404, "UnknownOperationException", f"No operation at {path}")
        found = FUNCTION.fullmatch(unquote(path[len(PREFIX) : -len(SUFFIX)]))
        if found is None:
            raise CallRefused(400, "ValidationException", "The function's name is not valid")
        qualifier = found["qualifier"] or ""
        asked = parse_qs(parts.query).get("Qualifier", [qualifier])[0]
        if qualifier and asked != qualifier:
            message = "The derived qualifier from the function name does not match the specified qualifier."
            raise CallRefused(400, "InvalidParameterValueException", message)
        function = self._functions.get(found["name"])
        if function is None:
            any_arn = next(iter(self._functions.values())).configuration.arn
            arn = f"{any_arn.rpartition(':')[0]}:{found['name']}"
            raise CallRefused(404, "ResourceNotFoundException", f"Function not found: {arn}")
        return function, asked

    def _invoke(self, exchange: HttpExchange) -> None:
        if exchange.is_truncated:
            raise CallRefused(400, "InvalidRequestContentException", "The request's body is truncated")
        self._refuse_pages(exchange.headers)
        if exchange.target.startswith(STREAM_PREFIX):
            self._stream(exchange)
            return
        function, qualifier = self._plain.get(exchange.target), ""
        if function is None:
            function, qualifier = self._find(exchange.target)
        if exchange.method != "POST":
            raise CallRefused(405, "MethodNotAllowedException", "Invoke takes POST")
        kind = exchange.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "RequestResponse":
            self._invoke_and_wait(exchange, function, qualifier)
        elif kind == "Event":
            self._enqueue(exchange, function, qualifier)
        elif kind == "DryRun":
            exchange.reply(Answer(204, (("X-Amz-Executed-Version", "$LATEST"),)))
        else:
            message = f"{kind} is no invocation type; it is RequestResponse, Event or DryRun"
            raise CallRefused(400, "InvalidParameterValueException", message)

    def _refuse_pages(self, headers: Mapping[str, str]) -> None:
        # A browser sends what a page asks for without asking anybody; what it runs, runs as the developer.
        origin, host = headers.get("origin"), headers.get("host")
        if origin is not None and origin.partition("://")[2] != host:
            message = f"A page of {origin} may not invoke functions here; a Function URL is for pages"
            raise CallRefused(403, "AccessDeniedException", message)
        # Who sends no such header is no browser.
        if self._hosts is not None and host is not None and not self._hosts.include(host):
            message = (
                f"{host} is no name of this machine's; if it leads here, say aioric dev --allow-host NAME"
            )
            raise CallRefused(403, "AccessDeniedException", message)

    def _invoke_and_wait(self, exchange: HttpExchange, function: HostedFunction, qualifier: str) -> None:
        facts = read_facts(exchange)
        if function.configuration.takes_caller_facts:
            facts |= read_caller_facts(exchange.headers)
            if function.is_serving(facts["request_id"]):
                message = "An invocation of this X-Amzn-RequestId is still running"
                raise CallRefused(400, "InvalidParameterValueException", message)
        rejection = refuse_payload(exchange.body, exchange.size)
        if rejection is not None:
            raise CallRefused.by(rejection)
        caller = HttpCaller(exchange, wants_logs=exchange.headers.get("x-amz-log-type") == "Tail")
        caller.invocation = new_invocation(
            function.configuration, caller, exchange.body, qualifier=qualifier, **facts
        )
        if exchange.headers.get("x-aioric-cold-start", "0") != "0":
            if function.configuration.concurrency is not None:
                message = "X-Aioric-Cold-Start has no meaning for Managed Instances, which are always warm"
                raise CallRefused(400, "InvalidParameterValueException", message)
            caller.invocation.wants_cold = True
        elif exchange.known is not None and not (qualifier or caller.wants_logs or any(facts.values())):
            again = HttpCaller(HttpExchange(exchange.connection), wants_logs=False)
            function.warm_path.learn(exchange, again)
        function.submit(caller.invocation)

    def _stream(self, exchange: HttpExchange) -> None:
        target = exchange.target.replace(STREAM_PREFIX, PREFIX, 1).replace(STREAM_SUFFIX, SUFFIX, 1)
        function, qualifier = self._find(target)
        if exchange.method != "POST":
            raise CallRefused(405, "MethodNotAllowedException", "InvokeWithResponseStream takes POST")
        kind = exchange.headers.get("x-amz-invocation-type", "RequestResponse")
        if kind == "DryRun":
            exchange.reply(Answer(204, (("X-Amz-Executed-Version", "$LATEST"),)))
            return
        if kind != "RequestResponse":
            message = f"{kind} is no invocation type of a stream; it is RequestResponse or DryRun"
            raise CallRefused(400, "InvalidParameterValueException", message)
        facts = read_facts(exchange)
        rejection = refuse_payload(exchange.body, exchange.size)
        if rejection is not None:
            raise CallRefused.by(rejection)
        bandwidth = Bandwidth() if function.configuration.has_real_bandwidth else None
        caller = EventStreamCall(exchange, error_answer, bandwidth)
        caller.invocation = new_invocation(
            function.configuration, caller, exchange.body, qualifier=qualifier, **facts
        )
        caller.invocation.response_limit = MAX_STREAM
        function.submit(caller.invocation)

    def _enqueue(self, exchange: HttpExchange, function: HostedFunction, qualifier: str) -> None:
        facts = read_facts(exchange)
        rejection = refuse_payload(exchange.body, exchange.size, is_event=True)
        if rejection is not None:
            raise CallRefused.by(rejection)
        request_id = function.enqueue(exchange.body, qualifier=qualifier, **facts)
        exchange.reply(Answer(202, (("X-Amzn-RequestId", request_id),)))


def read_facts(exchange: HttpExchange) -> dict[str, str]:
    """Give what a request's headers say of the invocation. Raises `CallRefused`."""
    headers = exchange.headers
    try:
        context = read_client_context(headers.get("x-amz-client-context", ""))
    except ValueError as error:
        raise CallRefused(400, "InvalidRequestContentException", str(error)) from None
    return {
        "client_context": context,
        "tenant_id": headers.get("x-amz-tenant-id", ""),
        "trace_id": headers.get("x-amzn-trace-id", ""),
    }


def read_caller_facts(headers: Mapping[str, str]) -> dict[str, str]:
    """Give what the callers of AWS's own emulator may say of themselves. Raises `CallRefused`."""
    request_id = headers.get("x-amzn-requestid", "")
    identity = headers.get("x-amz-cognito-identity", "")
    if request_id and not REQUEST_ID.fullmatch(request_id):
        message = "X-Amzn-RequestId is 1 to 128 characters of A-Z, a-z, 0-9 and _.:-"
        raise CallRefused(400, "InvalidParameterValueException", message)
    try:
        is_object = not identity or isinstance(json.loads(identity), dict)
    except (ValueError, RecursionError):
        is_object = False
    if not is_object:
        message = "X-Amz-Cognito-Identity is a JSON object of cognitoIdentityId and cognitoIdentityPoolId"
        raise CallRefused(400, "InvalidParameterValueException", message)
    return {"request_id": request_id, "cognito_identity": identity}


def read_client_context(header: str) -> str:
    """Give the JSON text of a client context. Raises `ValueError` where it is none, or too long."""
    if not header:
        return ""
    if len(header) > MAX_CLIENT_CONTEXT:
        raise ValueError(f"Client context must be no longer than {MAX_CLIENT_CONTEXT} bytes")
    try:
        text = base64.b64decode(header, validate=True).decode()
        json.loads(text)
    except (binascii.Error, ValueError, RecursionError):
        raise ValueError("Client context must be a valid Base64-encoded JSON object.") from None
    return text
