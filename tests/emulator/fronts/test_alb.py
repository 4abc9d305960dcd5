"""A load balancer: its events in both header modes, answers and errors, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from aioric_emulator.fronts.alb import Alb
from aioric_emulator.fronts.settings import AlbSettings
from aioric_emulator.messages import Answer, Outcome, Rejection
from tests.emulator.fronts.making import FACTS, answer, call, headers, request

ONE = Alb(AlbSettings("f"))
SEVERAL = Alb(AlbSettings("f", multi_value_headers=True))
REQUEST = request(
    "/capture/space%20value?repeat=one&repeat=two&plus=a+b&encoded=a%2Bb&empty=",
    ("User-Agent", "curl/8"),
    ("Content-Type", "application/json"),
    ("Content-Length", "7"),
    ("Cookie", "name1=value1"),
    ("Cookie", "name2=value2"),
    method="POST",
    body=b'{"a":1}',
)
FIXED = {
    "requestContext": {
        "elb": {
            "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
            "targetgroup/local/0123456789abcdef"
        }
    },
    "httpMethod": "POST",
    "path": "/capture/space%20value",
    "body": '{"a":1}',
    "isBase64Encoded": False,
}
HEADERS = {
    "host": ["localhost:8081"],
    "user-agent": ["curl/8"],
    "content-type": ["application/json"],
    "content-length": ["7"],
    "cookie": ["name1=value1", "name2=value2"],
    "x-amzn-trace-id": ["Root=1-aa-bb"],
    "x-forwarded-for": ["127.0.0.1"],
    "x-forwarded-port": ["8081"],
    "x-forwarded-proto": ["http"],
}
# Not decoded: "you must decode them in your Lambda function".
QUERY = {"repeat": ["one", "two"], "plus": ["a+b"], "encoded": ["a%2Bb"], "empty": [""]}


def test_an_event_with_one_value_each() -> None:
    """The last one counts."""
    assert call(ONE, REQUEST).event == {
        **FIXED,
        "headers": {name: values[-1] for name, values in HEADERS.items()},
        "queryStringParameters": {name: values[-1] for name, values in QUERY.items()},
    }


def test_an_event_with_lists() -> None:
    """In the place of the single values, not beside them; as it was captured on AWS in July 2026."""
    assert call(SEVERAL, REQUEST).event == {
        **FIXED,
        "multiValueHeaders": HEADERS,
        "multiValueQueryStringParameters": QUERY,
    }


def test_what_a_request_lacks_is_empty() -> None:
    """Not absent, and not null."""
    event = call(ONE).event

    assert (event["body"], event["queryStringParameters"]) == ("", {})


ANSWERS: dict[str, tuple[Any, tuple[int, str, bytes]]] = {
    "a status alone": ({"statusCode": 204}, (204, "application/octet-stream", b"")),
    "all of it": (
        {
            "statusCode": 200,
            "statusDescription": "200 OK",
            "headers": {"Content-Type": "text/html"},
            "body": "<p>",
            "isBase64Encoded": False,
        },
        (200, "text/html", b"<p>"),
    ),
    "base64": (
        {"statusCode": 200, "headers": {"content-type": "a/b"}, "body": "eA==", "isBase64Encoded": True},
        (200, "a/b", b"x"),
    ),
    "lists that nobody asked for": (
        {"statusCode": 200, "headers": {"content-type": "a/b"}, "multiValueHeaders": None},
        (200, "a/b", b""),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer(name: str) -> None:
    """With the server's name that the load balancer adds."""
    value, (status, content_type, body) = ANSWERS[name]
    found = answer(ONE, value)

    assert (found.status, headers(found)["content-type"], found.body) == (status, [content_type], body)
    assert headers(found)["server"] == ["awselb/2.0"]


def test_each_mode_reads_its_own_headers() -> None:
    """`multiValueHeaders` where they are enabled, `headers` where not."""
    value = {
        "statusCode": 200,
        "headers": {"X": "one"},
        "multiValueHeaders": {"X": ["1", "2"], "Server": ["s"]},
    }

    assert headers(answer(ONE, value))["x"] == ["one"]
    assert headers(answer(SEVERAL, value))["x"] == ["1", "2"]
    assert headers(answer(SEVERAL, value))["server"] == ["s"]


MALFORMED: dict[str, Any] = {
    "no object": "hello",
    "no status": {"body": "x"},
    "a status that is text": {"statusCode": "200"},
    "a header that is a number": {"statusCode": 200, "headers": {"a": 1}},
    "a description that is null": {"statusCode": 200, "statusDescription": None},
    "a body that is null": {"statusCode": 200, "body": None},
    "base64 that is text": {"statusCode": 200, "isBase64Encoded": "false"},
    "more than 1 MB": {"statusCode": 200, "body": "x" * 1024 * 1024},
    "bytes": b"\0",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_answer_is_a_502(name: str) -> None:
    """A page of the load balancer's; it is the strictest of all fronts."""
    found = answer(ONE, MALFORMED[name])

    assert found.status == 502
    assert found.body.startswith(b"<html>\r\n<head><title>502 Bad Gateway</title>")
    assert headers(found)["content-type"] == ["text/html"]


def test_errors() -> None:
    """A function's, what Lambda refuses, and a timeout of the function's are all the same to it."""
    of = call(ONE)

    assert of.read(Outcome(b"{}", is_error=True)).status == 502
    assert of.refuse(Rejection(429, "TooManyRequestsException", "")).status == 502
    assert of.timeout is None
    assert [ONE.fault(status).status for status in (400, 413, 431, 500)] == [400, 413, 400, 502]


@pytest.mark.parametrize(
    ("made", "status"),
    [(request("/", ("Upgrade", "websocket")), 400), (request(method="TRACE"), 405)],
    ids=["upgrade", "TRACE"],
)
def test_what_it_does_not_support(made: Any, status: int) -> None:
    """WebSockets, and a method."""
    found = ONE.receive(made, FACTS)

    assert isinstance(found, Answer)
    assert found.status == status
