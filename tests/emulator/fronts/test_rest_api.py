"""A REST API: its event field by field, its binary media types, answers and errors, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.rest_api import RestApi
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import RestApiSettings, catch_all
from aioric_emulator.messages import Answer, Outcome, Rejection
from tests.emulator.fronts.making import FACTS, answer, call, headers, request

API = RestApi(RestApiSettings(catch_all("f")))
IMAGES = RestApi(RestApiSettings(catch_all("f"), binary_media_types=("image/*",)))
ALL = RestApi(RestApiSettings(catch_all("f"), binary_media_types=("*/*",)))


def test_the_whole_event() -> None:
    """What AWS sends for such a request, as it was captured there in July 2026, and its documented nulls."""
    made = request(
        "/Prod/capture/space%20value?repeat=one&repeat=two&plus=a+b&encoded=a%2Bb&empty=",
        ("user-agent", "curl/8"),
        ("accept", "*/*"),
        ("Content-Type", "application/json"),
        ("Content-Length", "7"),
        ("cookie", "session=abc; theme=dark"),
        ("X-Probe", "first"),
        ("X-Probe", "second"),
        method="POST",
        body=b'{"a":1}',
    )
    several = {
        "Host": ["localhost:8081"],
        "User-Agent": ["curl/8"],
        "accept": ["*/*"],
        "Content-Type": ["application/json"],
        "cookie": ["session=abc; theme=dark"],
        "X-Probe": ["first", "second"],
        "X-Amzn-Trace-Id": ["Root=1-aa-bb"],
        "X-Forwarded-For": ["127.0.0.1"],
        "X-Forwarded-Port": ["8081"],
        "X-Forwarded-Proto": ["http"],
    }
    nobody = {
        "accessKey": None,
        "accountId": None,
        "caller": None,
        "cognitoAuthenticationProvider": None,
        "cognitoAuthenticationType": None,
        "cognitoIdentityId": None,
        "cognitoIdentityPoolId": None,
        "principalOrgId": None,
        "user": None,
        "userArn": None,
    }

    assert call(API, made).event == {
        "resource": "/{proxy+}",
        "path": "/capture/space%20value",
        "httpMethod": "POST",
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "queryStringParameters": {"repeat": "two", "plus": "a b", "encoded": "a+b", "empty": ""},
        "multiValueQueryStringParameters": {
            "repeat": ["one", "two"],
            "plus": ["a b"],
            "encoded": ["a+b"],
            "empty": [""],
        },
        "pathParameters": {"proxy": "capture/space%20value"},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "localrest",
            "domainName": "localhost:8081",
            "domainPrefix": "localhost",
            "extendedRequestId": "id-1",
            "httpMethod": "POST",
            "identity": {**nobody, "sourceIp": "127.0.0.1", "userAgent": "curl/8"},
            "path": "/Prod/capture/space%20value",
            "protocol": "HTTP/1.1",
            "requestId": "id-1",
            "requestTime": "10/Jul/2026:19:19:06 +0000",
            "requestTimeEpoch": 1783711146671,
            "resourceId": "/{proxy+}",
            "resourcePath": "/{proxy+}",
            "stage": "Prod",
        },
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }


def test_what_a_request_lacks_is_null() -> None:
    """No body and no parameters; and the stage may be left out, as behind a domain of one's own."""
    event = call(API).event

    assert (event["path"], event["resource"], event["requestContext"]["path"]) == ("/", "/", "/")
    for key in ("body", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters"):
        assert event[key] is None


def test_stage_variables_and_trailing_slashes() -> None:
    """The path is as it was sent, the resource is found without its last slash."""
    api = RestApi(RestApiSettings((Route("f", "/a/{b}"),), stage_variables={"v": "1"}))
    event = call(api, request("/a/x/")).event

    assert (event["path"], event["resource"], event["pathParameters"]) == ("/a/x/", "/a/{b}", {"b": "x"})
    assert event["stageVariables"] == {"v": "1"}


BODIES = [
    (API, "image/png", b"\x89", ("\ufffd", False)),
    (API, "application/x-www-form-urlencoded", b"a=b", ("a=b", False)),
    (IMAGES, "image/png", b"\x89", ("iQ==", True)),
    (IMAGES, "text/plain", b"x", ("x", False)),
    (ALL, "text/plain", b"x", ("eA==", True)),
]


@pytest.mark.parametrize(("api", "content_type", "body", "expected"), BODIES)
def test_a_body_is_base64_where_its_type_is_binary(
    api: RestApi, content_type: str, body: bytes, expected: tuple[str, bool]
) -> None:
    """All other bodies are text, whatever becomes of them."""
    event = call(api, request("/", ("Content-Type", content_type), method="POST", body=body)).event

    assert (event["body"], event["isBase64Encoded"]) == expected


BASE64 = {"statusCode": 200, "body": "iQ==", "isBase64Encoded": True}
DECODED = [
    (API, "image/png", b"iQ=="),
    (IMAGES, "image/png", b"\x89"),
    (IMAGES, "text/html,image/png", b"iQ=="),
    (IMAGES, None, b"iQ=="),
    (ALL, "text/html", b"\x89"),
]


@pytest.mark.parametrize(("api", "accept", "expected"), DECODED)
def test_base64_is_decoded_for_who_accepts_it(api: RestApi, accept: str | None, expected: bytes) -> None:
    """The first type of `Accept` decides, to the surprise of browsers."""
    fields = () if accept is None else (("Accept", accept),)

    assert answer(api, BASE64, request("/", *fields)).body == expected


def test_headers_of_an_answer() -> None:
    """Lists rank above single values, some names are mapped to others, and JSON is the type by default."""
    value = {
        "statusCode": 201,
        "headers": {"X-A": "lost", "Date": "never", "Server": "mine", "WWW-Authenticate": "Basic"},
        "multiValueHeaders": {"X-A": ["1", "2"], "Set-Cookie": ["a=1", "b=2"]},
    }
    found = answer(API, value)
    named = headers(found)

    assert (found.status, found.body) == (201, b"")
    assert (named["x-a"], named["set-cookie"]) == (["1", "2"], ["a=1", "b=2"])
    assert named["x-amzn-remapped-date"] == ["never"]
    assert named["x-amzn-remapped-server"] == ["mine"]
    assert named["x-amzn-remapped-www-authenticate"] == ["Basic"]
    assert named["content-type"] == ["application/json"]
    assert named["x-amzn-requestid"] == ["id-1"]


MALFORMED: dict[str, Any] = {
    "text": "hello",
    "an object without statusCode": {"body": "x"},
    "a key that is none of the format": {"statusCode": 200, "cookies": []},
    "a body that is an object": {"statusCode": 200, "body": {"a": 1}},
    "a status that is none": {"statusCode": 1000},
    "lists that are none": {"statusCode": 200, "multiValueHeaders": {"a": "b"}},
    "bytes": b"\0",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_answer_is_a_502(name: str) -> None:
    """With the service's own body, down to the space in it."""
    found = answer(API, MALFORMED[name])

    assert (found.status, found.body) == (502, b'{"message": "Internal server error"}')
    assert headers(found)["x-amzn-errortype"] == ["InternalServerErrorException"]


def test_errors() -> None:
    """A function's is a 502, what Lambda refuses a 500, and what takes too long a 504."""
    of = call(API)

    assert of.read(Outcome(b"{}", is_error=True)).status == 502
    assert of.refuse(Rejection(429, "TooManyRequestsException", "")).status == 500
    assert of.timeout == 29.0
    assert (API.fault(504).status, API.fault(504).body) == (504, b'{"message": "Endpoint request timed out"}')
    assert API.fault(413).body == b'{"message": "HTTP content length exceeded 10485760 bytes."}'


@pytest.mark.parametrize(("method", "target"), [("GET", "/b"), ("POST", "/a"), ("DELETE", "/a")])
def test_what_no_method_takes_is_a_403(method: str, target: str) -> None:
    """The resource is chosen before the method, so no greedy one steps in."""
    api = RestApi(RestApiSettings((Route("f", "/a", "GET"), Route("f", "/{x}", "DELETE"))))
    found = api.receive(request(target, method=method), FACTS)

    assert isinstance(found, Answer)
    assert (found.status, found.body) == (403, b'{"message":"Missing Authentication Token"}')


def test_a_mock_says_no_more_than_is_configured() -> None:
    """Neither that credentials may be sent nor how long the answer holds, unless somebody said so."""
    api = RestApi(RestApiSettings((Route("f", "/a", "GET"),), cors=Cors(("*",))))
    told = api.receive(request("/a", method="OPTIONS"), FACTS)

    assert isinstance(told, Answer)
    assert {name for name in headers(told) if name.startswith("access-control")} == {
        "access-control-allow-origin",
        "access-control-allow-methods",
    }


@pytest.mark.parametrize("target", ["/a", "/a/", "/b"])
def test_options_is_a_mock_where_cors_is_configured(target: str) -> None:
    """It tells everybody the same, and the function's other answers carry headers of its own only."""
    cors = Cors(("https://a.example",), (), ("x-key",), allow_credentials=True, max_age=9)
    routes = (Route("f", "/a", "GET"), Route("f", "/b"), Route("f", "/c", "OPTIONS"))
    api = RestApi(RestApiSettings(routes, cors=cors))
    told = api.receive(request(target, method="OPTIONS"), FACTS)
    methods = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT" if target == "/b" else "GET,OPTIONS"

    assert isinstance(told, Answer)
    assert (told.status, told.body) == (200, b"{}\n")
    found = headers(told)
    assert found["access-control-allow-origin"] == ["https://a.example"]
    assert found["access-control-allow-methods"] == [methods]
    assert found["access-control-allow-headers"] == ["x-key"]
    assert found["access-control-allow-credentials"] == ["true"]
    assert found["access-control-max-age"] == ["9"]
    assert call(api, request("/c", method="OPTIONS")).function == "f"
    assert "access-control-allow-origin" not in headers(answer(api, {"statusCode": 200}, request("/b")))
