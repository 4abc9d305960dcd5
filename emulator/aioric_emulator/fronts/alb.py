"""An Application Load Balancer with functions as its targets: events, answers, errors. No I/O.

Whether headers and parameters have one value or several is the target group's setting.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aioric_emulator.fronts.alb_actions import FixedResponse, Redirect, Target, Weighted
from aioric_emulator.fronts.alb_rules import Rule, choose, raw_pairs
from aioric_emulator.fronts.bodies import encode_body
from aioric_emulator.fronts.front import Call, phrase
from aioric_emulator.fronts.payloads import group
from aioric_emulator.fronts.proxy_answer import (
    MalformedAnswer,
    compose,
    has_header,
    read_headers,
    read_object,
    refused,
)
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from aioric_emulator.fronts.request import Facts, Request
    from aioric_emulator.fronts.settings import AlbSettings
    from aioric_emulator.messages import Outcome, Rejection

__all__ = ["Alb"]

MAX_BODY = 1024 * 1024
MAX_ANSWER = 1024 * 1024
SERVER = ("Server", "awselb/2.0")
# What each part of an answer has to be where it is there at all; null is nothing of it.
KINDS = {"statusDescription": str, "isBase64Encoded": bool, "body": str}


class Alb:
    """A listener: with one target group, or with rules that lead to several."""

    max_body = MAX_BODY

    def __init__(self, settings: AlbSettings) -> None:
        only = Rule(Target(settings.function, settings.multi_value_headers))
        self._rules = settings.rules or (only,)

    def receive(self, request: Request, facts: Facts) -> Call | Answer:
        """Give the call that a request is, or the answer that needs no function."""
        if any(name.lower() == "upgrade" for name, _ in request.fields):
            return self.fault(400)
        if request.method == "TRACE":
            return self.fault(405)
        action = choose(self._rules, request)
        if isinstance(action, Weighted):
            action = action.choose(facts.request_id)
        if action is None:
            # Nobody, or nobody who is here.
            return self.fault(503)
        if isinstance(action, FixedResponse):
            content_type = ("Content-Type", action.content_type)
            return Answer(action.status, (SERVER, content_type), action.body.encode())
        if isinstance(action, Redirect):
            page = self.fault(action.status)
            return Answer(page.status, (*page.headers, ("Location", action.location(request))), page.body)
        return Call(
            action.function,
            make_event(request, facts, has_lists=action.multi_value_headers),
            read=partial(self._read, action),
            refuse=self._refuse,
            dress=add_server,
        )

    def fault(self, status: int) -> Answer:
        """Give the load balancer's own page. Its 504 is for targets of other kinds."""
        status = {500: 502, 504: 502, 431: 400}.get(status, status)
        title = f"{status} {phrase(status)}"
        page = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n"
            f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
        )
        return Answer(status, (SERVER, ("Content-Type", "text/html")), page.encode())

    def _read(self, target: Target, outcome: Outcome) -> Answer:
        if outcome.is_error:
            return self.fault(502)
        if len(outcome.body) > MAX_ANSWER:
            return refused(self.fault(502), f"{len(outcome.body)} bytes, and {MAX_ANSWER} are passed on")
        try:
            return read_answer(read_object(outcome.body), has_lists=target.multi_value_headers)
        except MalformedAnswer as why:
            return refused(self.fault(502), why)

    def _refuse(self, rejection: Rejection) -> Answer:  # noqa: ARG002 - the client is not told why
        return self.fault(502)


def make_event(request: Request, facts: Facts, *, has_lists: bool) -> dict[str, Any]:
    """Give the event of a request; `has_lists` is for lists in the place of single values."""
    headers, query = group(request.headers(facts)), group(raw_pairs(request.query))
    place = f"{facts.region}:{facts.account_id}"
    arn = f"arn:aws:elasticloadbalancing:{place}:targetgroup/local/0123456789abcdef"
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": arn}},
        "httpMethod": request.method,
        "path": request.path,
    }
    if has_lists:
        event |= {"multiValueQueryStringParameters": query, "multiValueHeaders": headers}
    else:
        event |= {"queryStringParameters": last(query), "headers": last(headers)}
    if not request.body:
        return event | {"body": "", "isBase64Encoded": False}
    return event | encode_body(request.body, request.header("content-type"))


def read_answer(value: dict[str, Any], *, has_lists: bool) -> Answer:
    """Give the answer that a function's object is. Raises `MalformedAnswer`."""
    for key, kind in KINDS.items():
        if not isinstance(value.get(key, kind()), kind):
            raise MalformedAnswer(f"{key} is {value[key]!r}")
    if not isinstance(value.get("statusCode"), int):
        raise MalformedAnswer("the statusCode is no number")
    if has_lists:
        headers = read_headers(None, value.get("multiValueHeaders"), is_strict=True)
    else:
        headers = read_headers(value.get("headers"), is_strict=True)
    return compose(value, headers, "application/octet-stream")


def last(values: dict[str, list[str]]) -> dict[str, str]:
    """Give the last value of each name."""
    return {name: each[-1] for name, each in values.items()}


def add_server(answer: Answer) -> Answer:
    """Say who answers, where the function does not."""
    if has_header(answer.headers, "server"):
        return answer
    return Answer(answer.status, (SERVER, *answer.headers), answer.body)
