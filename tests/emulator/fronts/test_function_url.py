"""A Function URL: its event field by field, and every kind of answer, as tables."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.function_url import FunctionUrl
from aioric_emulator.fronts.settings import UrlSettings
from aioric_emulator.messages import Answer, Outcome, Rejection
from tests.emulator.fronts.making import FACTS, answer, call, headers, request

URL = FunctionUrl(UrlSettings("f"))
PRELUDE = b'{"statusCode": 201, "headers": {"x-a": "1"}, "cookies": ["a=1", "b=2"]}' + b"\0" * 8


def test_the_whole_event() -> None:
    """What AWS sends for such a request, as it was captured there in July 2026."""
    made = request(
        "/capture/space%20value?repeat=one&repeat=two&plus=a+b&encoded=a%2Bb&empty=&bare",
        ("User-Agent", "curl/8"),
        ("Content-Type", "application/json"),
        ("Content-Length", "7"),
        ("Cookie", "session=abc; theme=dark"),
        ("Cookie", "third=3"),
        ("X-Probe", "first"),
        ("x-probe", "second"),
        method="POST",
        body=b'{"a":1}',
    )

    assert call(URL, made).event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/capture/space%20value",
        "rawQueryString": "repeat=one&repeat=two&plus=a+b&encoded=a%2Bb&empty=&bare",
        "cookies": ["session=abc", "theme=dark", "third=3"],
        "headers": {
            "host": "localhost:8081",
            "user-agent": "curl/8",
            "content-type": "application/json",
            "content-length": "7",
            "cookie": "session=abc; theme=dark; third=3",
            "x-probe": "first,second",
            "x-amzn-trace-id": "Root=1-aa-bb",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "8081",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {
            "repeat": "one,two",
            "plus": "a b",
            "encoded": "a+b",
            "empty": "",
            "bare": "",
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": "localhost:8081",
            "domainPrefix": "localhost",
            "http": {
                "method": "POST",
                "path": "/capture/space value",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "curl/8",
            },
            "requestId": "id-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "10/Jul/2026:19:19:06 +0000",
            "timeEpoch": 1783711146671,
        },
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }


def test_what_a_request_lacks_an_event_lacks() -> None:
    """No body, cookies or parameters are no keys."""
    event = call(URL).event

    assert event.keys() & {"body", "cookies", "queryStringParameters", "pathParameters"} == set()
    assert event["isBase64Encoded"] is False


# What a function gives back, and the status, content type and body that a client gets.
JSON = "application/json"
ANSWERS: dict[str, tuple[Any, tuple[int, str, bytes]]] = {
    "an object without statusCode": ({"a": 1}, (200, JSON, b'{"a": 1}')),
    "text": ("Hello, world!", (200, JSON, b'"Hello, world!"')),
    "null": (None, (200, JSON, b"null")),
    "a list": ([1], (200, JSON, b"[1]")),
    "a status": ({"statusCode": 404}, (404, JSON, b"")),
    "a status as text": ({"statusCode": "201", "body": "x"}, (201, JSON, b"x")),
    "a body and its type": (
        {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": "<p>é"},
        (200, "text/html", "<p>é".encode()),
    ),
    "a body in base64": (
        {"statusCode": 200, "body": base64.b64encode(b"\x89PNG").decode(), "isBase64Encoded": True},
        (200, JSON, b"\x89PNG"),
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer(name: str) -> None:
    """An object with a status is taken apart, all else is the body."""
    value, (status, content_type, body) = ANSWERS[name]
    found = answer(URL, value)

    assert (found.status, headers(found)["content-type"], found.body) == (status, [content_type], body)


def test_headers_and_cookies_of_an_answer() -> None:
    """Cookies become headers, numbers text, and what frames the body is left to the front."""
    found = headers(
        answer(
            URL,
            {
                "statusCode": 200,
                "headers": {
                    "X-N": 1,
                    "X-T": True,
                    "Content-Length": "99",
                    "Connection": "close",
                    "X-0": None,
                },
                "cookies": ["a=1; Path=/", "b=2"],
            },
        )
    )

    assert found["set-cookie"] == ["a=1; Path=/", "b=2"]
    assert (found["x-n"], found["x-t"]) == (["1"], ["true"])
    assert found.keys() & {"content-length", "connection", "x-0"} == set()
    assert found["x-amzn-requestid"] == ["id-1"]
    assert found["x-amzn-trace-id"] == ["Root=1-aa-bb;Parent=cc;Sampled=0"]


MALFORMED = {
    "a status that is none": {"statusCode": 42},
    "a status that cannot be last": {"statusCode": 100},
    "a status that is text": {"statusCode": "ok"},
    "a status that is true": {"statusCode": True},
    "a status that is null": {"statusCode": None},
    "a huge status": {"statusCode": "9" * 5000},
    "a body that is an object": {"statusCode": 200, "body": {}},
    "a body that is no base64": {"statusCode": 200, "body": "%", "isBase64Encoded": True},
    "headers that are a list": {"statusCode": 200, "headers": []},
    "a header with a list": {"statusCode": 200, "headers": {"a": ["b"]}},
    "a header without a name": {"statusCode": 200, "headers": {"": "b"}},
    "a header that smuggles another": {"statusCode": 200, "headers": {"a: b\r\nc": "d"}},
    "cookies that are text": {"statusCode": 200, "cookies": "a=1"},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_answer_is_a_502(name: str) -> None:
    """With the service's own body."""
    found = answer(URL, MALFORMED[name])

    assert (found.status, found.body) == (502, b"Internal Server Error")


# What a function that streams has posted, by content type, when nobody streams for it.
STREAMS = {
    "with a prelude": (
        "application/vnd.awslambda.http-integration-response",
        PRELUDE + b"rest",
        (201, b"rest"),
    ),
    "a prelude alone": ("application/vnd.awslambda.http-integration-response", PRELUDE, (201, b"")),
    "without its prelude": ("application/vnd.awslambda.http-integration-response", b"rest", (502, None)),
    "a prelude that is none": (
        "application/vnd.awslambda.http-integration-response",
        b'{"statusCode": 0}' + b"\0" * 8,
        (502, None),
    ),
    "another type": ("text/event-stream", b"data: 1\n\n", (200, b"data: 1\n\n")),
    "nothing at all": ("application/octet-stream", b"", (200, b"")),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_was_collected(name: str) -> None:
    """In the mode BUFFERED a handler that streams is answered as a whole."""
    content_type, body, (status, expected) = STREAMS[name]
    of = call(URL)
    found = of.read(Outcome(body, content_type))

    assert found.status == status
    assert found.body == (b"Internal Server Error" if expected is None else expected)
    if status == 201:
        assert headers(found)["set-cookie"] == ["a=1", "b=2"]
        assert headers(found)["x-a"] == ["1"]
    if status == 200:
        assert headers(found)["content-type"] == [content_type]


def test_errors() -> None:
    """A function's is a 502 that tells nothing; Lambda's own are passed on."""
    of = call(URL)
    failed = of.read(Outcome(b'{"errorType": "ValueError"}', is_error=True))
    throttled = of.refuse(Rejection(429, "TooManyRequestsException", "Rate Exceeded."))

    assert (failed.status, failed.body) == (502, b"Internal Server Error")
    assert (throttled.status, throttled.body) == (429, b'{"Message": "Rate Exceeded."}')
    assert URL.fault(400).body == b'{"Message": "Bad Request"}'


def test_cross_origin_requests() -> None:
    """A question is answered by the URL itself, and an answer has its headers."""
    url = FunctionUrl(UrlSettings("f", cors=Cors(("*",), ("GET",))))
    origin = ("Origin", "https://a.example")
    asked = request("/", origin, ("Access-Control-Request-Method", "GET"), method="OPTIONS")
    told = url.receive(asked, FACTS)

    assert isinstance(told, Answer)
    assert (told.status, headers(told)["access-control-allow-origin"]) == (200, ["*"])
    assert headers(answer(url, 1, request("/", origin)))["access-control-allow-origin"] == ["*"]
    # Without such a configuration the function answers the question.
    assert call(URL, asked).event["requestContext"]["http"]["method"] == "OPTIONS"
