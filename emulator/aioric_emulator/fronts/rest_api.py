"""A REST API of API Gateway (v1) with proxy integrations: routes, events, answers, errors. No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Any

from aioric_emulator.answers import JSON
from aioric_emulator.fronts.bodies import is_among, media_type
from aioric_emulator.fronts.front import Call, phrase
from aioric_emulator.fronts.payloads import context_1, format_1
from aioric_emulator.fronts.proxy_answer import (
    MalformedAnswer,
    compose,
    read_headers,
    read_object,
    refused,
)
from aioric_emulator.fronts.routes import Router
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.front import Question
    from aioric_emulator.fronts.request import Facts, Request
    from aioric_emulator.fronts.routes import Match
    from aioric_emulator.fronts.settings import RestApiSettings
    from aioric_emulator.messages import Outcome, Rejection

__all__ = ["RestApi"]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MAX_BODY = 10 * 1024 * 1024
API_ID = "localrest"
# The names that the gateway itself writes; all others stay as the client wrote them.
CANONICAL = {
    "host": "Host",
    "user-agent": "User-Agent",
    "x-amzn-trace-id": "X-Amzn-Trace-Id",
    "x-forwarded-for": "X-Forwarded-For",
    "x-forwarded-port": "X-Forwarded-Port",
    "x-forwarded-proto": "X-Forwarded-Proto",
}
# What of a function's headers is passed on under another name.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
REMAPPED = frozenset({"date", "server", "www-authenticate"})
KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
FAULTS = {
    400: ("BadRequestException", '{"message": "Bad Request"}'),
    403: ("MissingAuthenticationTokenException", '{"message":"Missing Authentication Token"}'),
    413: ("RequestTooLargeException", '{"message": "HTTP content length exceeded 10485760 bytes."}'),
    500: ("InternalServerErrorException", '{"message": "Internal server error"}'),
    502: ("InternalServerErrorException", '{"message": "Internal server error"}'),
    504: ("InternalServerErrorException", '{"message": "Endpoint request timed out"}'),
}


class RestApi:
    """One API and its stage."""

    max_body = MAX_BODY

    def __init__(self, settings: RestApiSettings) -> None:
        self._settings = settings
        self._router = Router(settings.routes)

    def receive(self, request: Request, facts: Facts) -> Call | Question | Answer:
        """Give the call that a request is, who is asked before, or the answer that needs no function."""
        path, requested = self._within_stage(request.path)
        # The best resource decides, also where it lacks the method.
        trimmed = path.rstrip("/") or "/"
        resource = self._router.find_resource(trimmed)
        match = self._router.match(request.method, trimmed)
        cors = self._settings.cors
        if cors is not None and is_mocked(request.method, resource, match):
            mock = dress(facts, cors.mock(self._router.methods(resource)))
            event = self._event(request, facts, (path, requested, resource), match)
            return self._guarded(self._settings.preflight_authorizer, request, facts, event, mock)
        if match is None or match.route.path != resource:
            return dress(facts, self.fault(403))
        event = self._event(request, facts, (path, requested, resource), match)
        call = Call(
            match.route.function,
            event,
            read=partial(self._read, request),
            refuse=self._refuse,
            dress=partial(dress, facts),
            timeout=self._settings.timeout,
        )
        return self._guarded(match.route.authorizer, request, facts, event, call)

    def _event(
        self, request: Request, facts: Facts, paths: tuple[str, str, str], match: Match | None
    ) -> dict[str, Any]:
        path, requested, resource = paths
        context = context_1(
            request,
            facts,
            api_id=API_ID,
            resource_path=resource,
            stage=self._settings.stage,
            path=requested,
        )
        return format_1(
            request,
            header_fields(request, facts),
            self._body(request),
            context,
            path=path,
            parameters={} if match is None else match.parameters,
            variables=self._settings.stage_variables,
        )

    def _guarded(
        self,
        authorizer: Authorizer | None,
        request: Request,
        facts: Facts,
        event: dict[str, Any],
        then: Call | Answer,
    ) -> Call | Question | Answer:
        if authorizer is None:
            return then
        from aioric_emulator.fronts.questions import RestQuestion  # noqa: PLC0415 - few methods have one

        return RestQuestion(authorizer, request, facts, event, then, partial(dress, facts))

    def fault(self, status: int) -> Answer:
        """Give the API's own answer to a fault."""
        kind, text = FAULTS.get(status, ("", f'{{"message": "{phrase(status)}"}}'))
        headers = (JSON, ("x-amzn-ErrorType", kind)) if kind else (JSON,)
        return Answer(status, headers, text.encode())

    def _within_stage(self, path: str) -> tuple[str, str]:
        # With the stage as at the API's own address, or without it as behind a domain name of one's own.
        prefix = f"/{self._settings.stage}"
        if path == prefix or path.startswith(f"{prefix}/"):
            return path.removeprefix(prefix) or "/", path
        return path, path

    def _body(self, request: Request) -> dict[str, Any]:
        if not request.body:
            return {"body": None, "isBase64Encoded": False}
        kind = media_type(request.header("content-type", "application/json"))
        if is_among(kind, self._settings.binary_media_types):
            return {"body": base64.b64encode(request.body).decode(), "isBase64Encoded": True}
        return {"body": request.body.decode("utf-8", "replace"), "isBase64Encoded": False}

    def _read(self, request: Request, outcome: Outcome) -> Answer:
        if outcome.is_error:
            return self.fault(502)
        try:
            return self._read_object(request, read_object(outcome.body))
        except MalformedAnswer as why:
            return refused(self.fault(502), why)

    def _read_object(self, request: Request, value: dict[str, Any]) -> Answer:
        if value.keys() - KEYS:
            raise MalformedAnswer(f"there is no {min(value.keys() - KEYS)} in the format")
        headers = read_headers(value.get("headers"), value.get("multiValueHeaders"))
        headers = [(remap(name), text) for name, text in headers]
        # The first type that the client accepts decides whether base64 is decoded for it.
        accepted = media_type(request.header("accept", "*/*"))
        decodes = value.get("isBase64Encoded") is True and is_among(
            accepted, self._settings.binary_media_types
        )
        return compose(value, headers, JSON[1], decodes=decodes)

    def _refuse(self, rejection: Rejection) -> Answer:  # noqa: ARG002 - the client is not told why
        return self.fault(500)


def is_mocked(method: str, resource: str, match: Match | None) -> bool:
    """Whether the mock of a resource answers: after a method OPTIONS of one's own, and before ANY."""
    is_own = match is not None and match.route.path == resource and match.route.method == "OPTIONS"
    return method == "OPTIONS" and resource != "" and not is_own


def header_fields(request: Request, facts: Facts) -> list[tuple[str, str]]:
    """Give the headers of an event, named as the client named them, without the body's length."""
    written = {name.lower(): name for name, _ in request.fields}
    return [
        (CANONICAL.get(name, written.get(name, name)), value)
        for name, value in request.headers(facts)
        if name != "content-length"
    ]


def remap(name: str) -> str:
    """Give the name under which a function's header is passed on."""
    return f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name


def dress(facts: Facts, answer: Answer) -> Answer:
    """Add what the API adds to every answer."""
    added = (
        ("x-amzn-RequestId", facts.request_id),
        ("x-amz-apigw-id", facts.request_id.replace("-", "")[:15] + "="),
        ("X-Amzn-Trace-Id", facts.trace_id),
    )
    return Answer(answer.status, (*answer.headers, *added), answer.body)
