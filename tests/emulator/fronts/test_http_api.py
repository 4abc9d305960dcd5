"""An HTTP API: its events in both formats, its paths, answers and errors, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.http_api import HttpApi, decode_path
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import HttpApiSettings
from aioric_emulator.messages import Answer, Outcome, Rejection
from tests.emulator.fronts.making import FACTS, answer, call, headers, request

API = HttpApi(HttpApiSettings((Route("f"),)))
OLD = HttpApi(HttpApiSettings((Route("f", payload_format="1.0"),)))

# What was sent, and what the real service gave the function; None where it answered 400 itself.
PATHS = {
    "/plain": "/plain",
    "/space%20value": "/space value",
    "/question%3Fvalue": "/question",
    "/percent%25done": None,
    "/hash%23value": "/hash#value",
    "/slash%2Fvalue": "/slash/value",
    "/%CE%BB-%E4%B8%96": "/λ-世",
    "/literal%252Fvalue": "/literal/value",
    "/literal%253Fvalue": "/literal?value",
    "/literal%2525value": "/literal%value",
    "/trailing/": "/trailing/",
    "/100%": None,
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_decoded_as_the_service_does(path: str) -> None:
    """Twice, with all that comes of it."""
    assert decode_path(path) == PATHS[path]


def test_the_event_of_format_2() -> None:
    """As of a Function URL, but with a decoded path, without `cookie`, and always with a length."""
    event = call(API, request("/a%20b?x=1&x=2", ("Cookie", "a=1; b=2"))).event

    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/a b", "x=1&x=2")
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["queryStringParameters"] == {"x": "1,2"}
    assert event["headers"] == {
        "host": "localhost:8081",
        "content-length": "0",
        "x-amzn-trace-id": "Root=1-aa-bb",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "8081",
        "x-forwarded-proto": "http",
    }
    context = event["requestContext"]
    assert (context["accountId"], context["apiId"], context["stage"]) == (
        "123456789012",
        "localhttp",
        "$default",
    )
    assert context["http"]["path"] == "/a b"
    assert event.keys() & {"pathParameters", "stageVariables", "body"} == set()


def test_the_event_of_format_1() -> None:
    """Every value of what is repeated, nulls where there is nothing, and a context of its own."""
    made = request("/a%20b?x=1&x=2", ("X-A", "1"), ("X-A", "2"), ("Cookie", "c=1"))
    event = call(OLD, made).event

    assert event["version"] == "1.0"
    assert (event["resource"], event["path"], event["httpMethod"]) == ("$default", "/a b", "GET")
    assert event["headers"]["x-a"] == "2"
    assert event["multiValueHeaders"]["x-a"] == ["1", "2"]
    assert event["multiValueHeaders"]["cookie"] == ["c=1"]
    assert event["queryStringParameters"] == {"x": "2"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert (event["pathParameters"], event["stageVariables"], event["body"]) == (None, None, None)
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert (context["resourceId"], context["resourcePath"], context["path"]) == (
        "$default",
        "$default",
        "/a b",
    )
    assert context["authorizer"] == {"claims": None, "scopes": None}
    assert (context["requestTime"], context["requestTimeEpoch"]) == (
        "10/Jul/2026:19:19:06 +0000",
        1783711146671,
    )
    assert call(OLD, request(method="POST", body=b"\xff")).event["body"] == "/w=="


def test_routes_stages_and_their_variables() -> None:
    """A route's key, its function and timeout, path parameters decoded, and the stage in the path."""
    routes = (Route("items", "/items/{id}", "GET", timeout=5.0), Route("all", "/{proxy+}"))
    api = HttpApi(HttpApiSettings(routes, stage="dev", stage_variables={"table": "t"}))
    one = call(api, request("/dev/items/a%20b"))
    other = call(api, request("/dev/items/7", method="PUT"))

    assert (one.function, one.timeout, one.event["routeKey"]) == ("items", 5.0, "GET /items/{id}")
    assert one.event["pathParameters"] == {"id": "a b"}
    assert one.event["rawPath"] == "/dev/items/a b"
    assert one.event["stageVariables"] == {"table": "t"}
    assert one.event["requestContext"]["stage"] == "dev"
    assert (other.function, other.timeout) == ("all", 30.0)
    assert other.event["pathParameters"] == {"proxy": "items/7"}


@pytest.mark.parametrize("target", ["/", "/dev", "/items/7", "/development/items/7"])
def test_what_no_route_takes_is_not_found(target: str) -> None:
    """No stage, no route: the API answers."""
    api = HttpApi(HttpApiSettings((Route("f", "/items/{id}"),), stage="dev"))
    found = api.receive(request(target), FACTS)

    assert isinstance(found, Answer)
    assert (found.status, found.body) == (404, b'{"message":"Not Found"}')
    assert headers(found)["apigw-requestid"] == ["id-1"]


TEXT = "text/plain;charset=UTF-8"
ANSWERS: dict[str, tuple[Any, tuple[int, str, bytes]]] = {
    "an object without statusCode": ({"a": 1}, (200, "application/json", b'{"a": 1}')),
    "text": ("hello", (200, "application/json", b'"hello"')),
    "a status and a body": ({"statusCode": 201, "body": "x"}, (201, TEXT, b"x")),
    "base64": ({"statusCode": 200, "body": "eA==", "isBase64Encoded": True}, (200, TEXT, b"x")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_format_2(name: str) -> None:
    """What has no status is inferred."""
    value, (status, content_type, body) = ANSWERS[name]
    found = answer(API, value)

    assert (found.status, headers(found)["content-type"], found.body) == (status, [content_type], body)


def test_an_answer_of_format_1() -> None:
    """Lists rank above single values of the same name, and nothing is inferred."""
    value = {
        "statusCode": 200,
        "headers": {"X-A": "lost", "X-B": "1"},
        "multiValueHeaders": {"x-a": ["1", "2"], "Set-Cookie": ["a=1", "b=2"]},
        "cookies": ["never"],
        "body": "x",
    }
    found = headers(answer(OLD, value))

    assert (found["x-a"], found["x-b"]) == (["1", "2"], ["1"])
    assert found["set-cookie"] == ["a=1", "b=2"]
    assert answer(OLD, {"a": 1}).status == 500


@pytest.mark.parametrize(
    "value", [b"not JSON", {"statusCode": 1}, {"statusCode": 200, "body": 1}], ids=["bytes", "status", "body"]
)
@pytest.mark.parametrize("api", [API, OLD], ids=["2.0", "1.0"])
def test_a_malformed_answer_is_a_500(api: HttpApi, value: object) -> None:
    """Other than in REST APIs; and so is a function's error."""
    found = answer(api, value)

    assert (found.status, found.body) == (500, b'{"message":"Internal Server Error"}')
    assert call(api).read(Outcome(b"{}", is_error=True)).status == 500


FAULTS = {
    400: (400, b'{"message":"Bad Request"}'),
    413: (413, b'{"message":"Request Entity Too Large"}'),
    431: (431, b'{"message":"Request Header Fields Too Large"}'),
    500: (500, b'{"message":"Internal Server Error"}'),
    504: (503, b'{"message":"Service Unavailable"}'),
}


@pytest.mark.parametrize("status", FAULTS)
def test_faults(status: int) -> None:
    """A function that takes too long is an unavailable service."""
    found = API.fault(status)

    assert (found.status, found.body) == FAULTS[status]


def test_a_call_that_lambda_refuses() -> None:
    """Throttling is an unavailable service as well."""
    assert call(API).refuse(Rejection(429, "TooManyRequestsException", "")).status == 503
    assert call(API).refuse(Rejection(413, "RequestTooLargeException", "")).status == 500


def test_cross_origin_requests() -> None:
    """A question needs no route of its own."""
    settings = HttpApiSettings((Route("f", "/a", "GET"),), cors=Cors(("*",), ("GET",)))
    origin, asks = ("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET")
    told = HttpApi(settings).receive(request("/a", origin, asks, method="OPTIONS"), FACTS)

    assert isinstance(told, Answer)
    assert (told.status, headers(told)["access-control-allow-origin"]) == (204, ["*"])
    assert headers(answer(HttpApi(settings), 1, request("/a", origin)))["access-control-allow-origin"] == [
        "*"
    ]


def test_a_path_that_cannot_be_decoded_is_refused() -> None:
    """By the API itself."""
    found = API.receive(request("/%zz"), FACTS)

    assert isinstance(found, Answer)
    assert found.status == 400
