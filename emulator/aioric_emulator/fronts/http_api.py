"""An HTTP API of API Gateway (v2): routes, events of both payload formats, answers, errors. No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
Paths are decoded as was observed there in 2026: once, cut at a `?` that appears, and once more; what cannot
be decoded twice is refused.
"""

from __future__ import annotations

import re
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aioric_emulator.answers import JSON
from aioric_emulator.fronts.bodies import encode_body
from aioric_emulator.fronts.front import Call, phrase
from aioric_emulator.fronts.function_url import read_format_2
from aioric_emulator.fronts.payloads import Origin, context_1, format_1, format_2
from aioric_emulator.fronts.proxy_answer import (
    MalformedAnswer,
    compose,
    read_headers,
    read_object,
    refused,
)
from aioric_emulator.fronts.routes import DEFAULT, Router
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.front import Question
    from aioric_emulator.fronts.request import Facts, Request
    from aioric_emulator.fronts.routes import Match
    from aioric_emulator.fronts.settings import HttpApiSettings
    from aioric_emulator.messages import Outcome, Rejection

__all__ = ["HttpApi", "decode_path"]

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
MAX_BODY = 10 * 1024 * 1024
API_ID = "localhttp"
TEXT = "text/plain;charset=UTF-8"
MESSAGES = {400: "Bad Request", 404: "Not Found", 503: "Service Unavailable"}
PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


class HttpApi:
    """One API and its stage."""

    max_body = MAX_BODY

    def __init__(self, settings: HttpApiSettings) -> None:
        self._settings = settings
        self._router = Router(settings.routes)

    def receive(self, request: Request, facts: Facts) -> Call | Question | Answer:
        """Give the call that a request is, who is asked before, or the answer that needs no function."""
        path = decode_path(request.path)
        if path is None:
            return self.fault(400)
        cors = self._settings.cors
        asked = cors.preflight(request, 204) if cors else None
        if asked is not None:
            return asked
        own = self._within_stage(path)
        match = self._router.match(request.method, own) if own else None
        if match is None:
            return dress(self._settings, request, facts, self.fault(404))
        build, read = (
            (self._event_1, read_format_1)
            if match.route.payload_format == "1.0"
            else (self._event_2, partial(read_format_2, default_type=TEXT))
        )
        call = Call(
            match.route.function,
            build(request, facts, match, path),
            read=partial(self._read, read),
            refuse=self._refuse,
            dress=partial(dress, self._settings, request, facts),
            timeout=match.route.timeout,
        )
        if match.route.authorizer is None:
            return call
        return self._guard(match.route.authorizer, request, facts, match, path, call)

    def _guard(
        self, authorizer: Authorizer, request: Request, facts: Facts, match: Match, path: str, call: Call
    ) -> Question:
        from aioric_emulator.fronts.questions import HttpQuestion  # noqa: PLC0415 - few routes have one

        build = self._event_1 if authorizer.payload_format == "1.0" else self._event_2
        context = {
            **self._event_1(request, facts, match, path)["requestContext"],
            "routeKey": match.route.key,
        }
        event = build(request, facts, match, path)
        return HttpQuestion(
            authorizer, request, facts, event, context, call, lambda status: call.dress(self.fault(status))
        )

    def fault(self, status: int) -> Answer:
        """Give the API's own answer to a fault. A function's is a 500 here, and its timeout a 503."""
        status = {502: 500, 504: 503}.get(status, status)
        text = MESSAGES.get(status, phrase(status))
        return Answer(status, (JSON,), b'{"message":"%b"}' % text.encode())

    def _within_stage(self, path: str) -> str:
        if self._settings.stage == DEFAULT:
            return path
        prefix = f"/{self._settings.stage}"
        if path != prefix and not path.startswith(f"{prefix}/"):
            return ""
        return path.removeprefix(prefix) or "/"

    def _event_2(self, request: Request, facts: Facts, match: Match, path: str) -> dict[str, Any]:
        origin = Origin(
            api_id=API_ID,
            account_id=facts.account_id,
            route_key=match.route.key,
            stage=self._settings.stage,
            raw_path=path,
            path=path,
        )
        event = format_2(request, facts, origin)
        # Unlike a Function URL, it takes the cookies out of the headers.
        event["headers"].pop("cookie", None)
        event["headers"].setdefault("content-length", "0")
        if match.parameters:
            event["pathParameters"] = match.parameters
        if self._settings.stage_variables:
            event["stageVariables"] = dict(self._settings.stage_variables)
        return event

    def _event_1(self, request: Request, facts: Facts, match: Match, path: str) -> dict[str, Any]:
        resource = match.route.path
        context = context_1(
            request, facts, api_id=API_ID, resource_path=resource, stage=self._settings.stage, path=path
        )
        context |= {"authorizer": {"claims": None, "scopes": None}, "resourceId": match.route.key}
        body: dict[str, Any] = {"body": None, "isBase64Encoded": False}
        if request.body:
            body = encode_body(request.body, request.header("content-type"))
        event = format_1(
            request,
            request.headers(facts),
            body,
            context,
            path=path,
            parameters=match.parameters,
            variables=self._settings.stage_variables,
        )
        return {"version": "1.0", **event}

    def _read(self, read: Any, outcome: Outcome) -> Answer:
        try:
            return self.fault(500) if outcome.is_error else read(outcome.body)
        except MalformedAnswer as why:
            return refused(self.fault(500), why)

    def _refuse(self, rejection: Rejection) -> Answer:
        return self.fault(503 if rejection.status == HTTPStatus.TOO_MANY_REQUESTS else 500)


def read_format_1(body: bytes) -> Answer:
    """Read an answer of format 1.0, which needs its `statusCode`. Raises `MalformedAnswer`."""
    value = read_object(body)
    headers = read_headers(value.get("headers"), value.get("multiValueHeaders"))
    return compose(value, headers, TEXT)


def dress(settings: HttpApiSettings, request: Request, facts: Facts, answer: Answer) -> Answer:
    """Add what the API adds to every answer."""
    if settings.cors:
        answer = settings.cors.add(request, answer)
    return Answer(answer.status, (*answer.headers, ("Apigw-Requestid", facts.request_id)), answer.body)


def decode_path(path: str) -> str | None:
    """Give a path as events have it, or None where the API refuses it."""
    if PERCENT.search(path):
        return None
    once = unquote(path).partition("?")[0]
    return None if PERCENT.search(once) else unquote(once)
