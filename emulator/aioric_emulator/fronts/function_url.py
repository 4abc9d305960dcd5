"""A Function URL in both of its modes: its events, its answers, its errors. No I/O.

In the mode BUFFERED an answer is an object with `statusCode`, or anything, which is then the body. In
RESPONSE_STREAM one of the content type of HTTP integrations begins with a prelude, and every other is
sent as it is. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aioric_emulator.answers import JSON
from aioric_emulator.fronts.front import Call, phrase
from aioric_emulator.fronts.payloads import Origin, format_2
from aioric_emulator.fronts.prelude import HTTP_INTEGRATION, read_whole
from aioric_emulator.fronts.proxy_answer import (
    MalformedAnswer,
    compose,
    read_cookies,
    read_headers,
    refused,
)
from aioric_emulator.messages import MAX_PAYLOAD, Answer

if TYPE_CHECKING:
    from aioric_emulator.fronts.request import Facts, Request
    from aioric_emulator.fronts.settings import UrlSettings
    from aioric_emulator.messages import Outcome, Rejection

__all__ = ["FunctionUrl", "read_format_2"]

FAILED = b"Internal Server Error"


class FunctionUrl:
    """The URL of one function."""

    max_body = MAX_PAYLOAD

    def __init__(self, settings: UrlSettings) -> None:
        self._settings = settings
        self._cors = settings.cors

    def receive(self, request: Request, facts: Facts) -> Call | Answer:
        """Give the call that a request is, or what a browser is told before it makes one."""
        asked = self._cors.preflight(request, 200) if self._cors else None
        if asked is not None:
            return asked
        path = unquote(request.path)
        event = format_2(request, facts, Origin(raw_path=request.path, path=path))
        return Call(
            self._settings.function,
            event,
            read=self._read,
            refuse=refuse,
            dress=partial(self._dress, request, facts),
            streams=self._settings.is_streamed,
        )

    def fault(self, status: int) -> Answer:
        """Give the URL's own answer to a fault."""
        if status in {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY}:
            return Answer(status, (JSON,), FAILED)
        return message(status, phrase(status))

    def _read(self, outcome: Outcome) -> Answer:
        if outcome.is_error:
            return self.fault(502)
        try:
            if outcome.content_type == HTTP_INTEGRATION or not is_json(outcome.body):
                return read_whole(outcome.body, outcome.content_type)
            return read_format_2(outcome.body, "application/json")
        except MalformedAnswer as why:
            return refused(self.fault(502), why)

    def _dress(self, request: Request, facts: Facts, answer: Answer) -> Answer:
        if self._cors:
            answer = self._cors.add(request, answer)
        added = (("x-amzn-RequestId", facts.request_id), ("X-Amzn-Trace-Id", facts.trace_id))
        return Answer(answer.status, (*answer.headers, *added), answer.body)


def refuse(rejection: Rejection) -> Answer:
    """Give the answer to a call that Lambda did not take."""
    return message(rejection.status, rejection.message)


def message(status: int, text: str) -> Answer:
    """Give an error that says why."""
    return Answer(status, (JSON,), json.dumps({"Message": text}).encode())


def is_json(body: bytes) -> bool:
    """Whether a function gave back JSON, as all do that do not stream."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def read_format_2(body: bytes, default_type: str) -> Answer:
    """Read an answer of format 2.0: an object with `statusCode`, or JSON that is the body itself.

    `default_type` is the content type of an object that names none. Raises `MalformedAnswer`.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedAnswer("not JSON") from None
    if not isinstance(value, dict) or "statusCode" not in value:
        return Answer(200, (JSON,), body)
    headers = read_headers(value.get("headers"))
    headers += read_cookies(value.get("cookies"))
    return compose(value, headers, default_type)
