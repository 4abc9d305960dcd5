"""An Application Load Balancer with a function as its target: events, answers, errors. No I/O.

Whether headers and parameters have one value or several is the target group's setting.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aioric_emulator.fronts.bodies import encode_body
from aioric_emulator.fronts.front import Call, phrase
from aioric_emulator.fronts.payloads import group
from aioric_emulator.fronts.proxy_answer import (
    MalformedAnswer,
    has_header,
    read_body,
    read_headers,
    read_object,
    read_status,
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
    """A listener with one target group."""

    max_body = MAX_BODY

    def __init__(self, settings: AlbSettings) -> None:
        self._settings = settings

    def receive(self, request: Request, facts: Facts) -> Call | Answer:
        """Give the call that a request is, or the answer that needs no function."""
        if any(name.lower() == "upgrade" for name, _ in request.fields):
            return self.fault(400)
        if request.method == "TRACE":
            return self.fault(405)
        return Call(
            self._settings.function,
            self._event(request, facts),
            read=self._read,
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

    def _event(self, request: Request, facts: Facts) -> dict[str, Any]:
        headers, query = group(request.headers(facts)), group(raw_pairs(request.query))
        place = f"{facts.region}:{facts.account_id}"
        arn = f"arn:aws:elasticloadbalancing:{place}:targetgroup/local/0123456789abcdef"
        event: dict[str, Any] = {
            "requestContext": {"elb": {"targetGroupArn": arn}},
            "httpMethod": request.method,
            "path": request.path,
        }
        if self._settings.multi_value_headers:
            event |= {"multiValueQueryStringParameters": query, "multiValueHeaders": headers}
        else:
            event |= {"queryStringParameters": last(query), "headers": last(headers)}
        if not request.body:
            return event | {"body": "", "isBase64Encoded": False}
        return event | encode_body(request.body, request.header("content-type"))

    def _read(self, outcome: Outcome) -> Answer:
        if outcome.is_error or len(outcome.body) > MAX_ANSWER:
            return self.fault(502)
        try:
            return self._read_object(read_object(outcome.body))
        except MalformedAnswer:
            return self.fault(502)

    def _read_object(self, value: dict[str, Any]) -> Answer:
        for key, kind in KINDS.items():
            if not isinstance(value.get(key, kind()), kind):
                raise MalformedAnswer(f"{key} is {value[key]!r}")
        if not isinstance(value.get("statusCode"), int):
            raise MalformedAnswer("the statusCode is no number")
        if self._settings.multi_value_headers:
            headers = read_headers(None, value.get("multiValueHeaders"), is_strict=True)
        else:
            headers = read_headers(value.get("headers"), is_strict=True)
        if not has_header(headers, "content-type"):
            headers.append(("Content-Type", "application/octet-stream"))
        content = read_body(value.get("body"), is_base64=value.get("isBase64Encoded"))
        return Answer(read_status(value["statusCode"]), tuple(headers), content)

    def _refuse(self, rejection: Rejection) -> Answer:  # noqa: ARG002 - the client is not told why
        return self.fault(502)


def raw_pairs(query: str) -> list[tuple[str, str]]:
    """Give a query's parameters in order, not decoded: that is left to the function."""
    found = [each.partition("=") for each in query.split("&") if each]
    return [(name, value) for name, _, value in found]


def last(values: dict[str, list[str]]) -> dict[str, str]:
    """Give the last value of each name."""
    return {name: each[-1] for name, each in values.items()}


def add_server(answer: Answer) -> Answer:
    """Say who answers, where the function does not."""
    if has_header(answer.headers, "server"):
        return answer
    return Answer(answer.status, (SERVER, *answer.headers), answer.body)
