"""Authorizers of both kinds of API: their events, what a request lacks, and what follows, as tables."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aioric_emulator.fronts.authorizers import REQUEST, TOKEN, Authorizer, parse_identity
from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.front import Call, Question
from aioric_emulator.fronts.http_api import HttpApi
from aioric_emulator.fronts.rest_api import RestApi
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import HttpApiSettings, RestApiSettings
from aioric_emulator.messages import Answer, Outcome
from tests.emulator.fronts.making import FACTS, headers, request

HEADER = parse_identity("$request.header.Authorization")
PLACE = "arn:aws:execute-api:us-east-1:123456789012"


def http_api(stage: str = "$default", route_format: str = "2.0", **facts: Any) -> HttpApi:
    """Give an HTTP API whose one route has an authorizer."""
    authorizer = Authorizer("own", "asked", **{"identity": (HEADER,), **facts})
    route = Route("f", "/pets/{id}", "GET", route_format, authorizer=authorizer)
    return HttpApi(HttpApiSettings((route,), stage=stage, stage_variables={"table": "t"}))


def rest_api(kind: str = TOKEN, **facts: Any) -> RestApi:
    """Give a REST API whose one method has an authorizer."""
    authorizer = Authorizer("own", "asked", kind, **{"identity": (HEADER,), **facts})
    routes = (Route("f", "/pets/{id}", "GET", authorizer=authorizer),)
    return RestApi(RestApiSettings(routes, stage_variables={"table": "t"}))


def question(front: HttpApi | RestApi, *fields: tuple[str, str], target: str = "/pets/1?a=b&a=c") -> Question:
    """Give the question that a request becomes, which has to be one."""
    decided = front.receive(request(target, *(fields or (("authorization", "me"),))), FACTS)
    assert isinstance(decided, Question), decided
    return decided


def result(asked: Question, **value: Any) -> Any:
    """Give what an authorizer's result means."""
    return asked.read(Outcome(json.dumps(value).encode()))


def policy(arn: str = "*", effect: str = "Allow") -> dict[str, Any]:
    """Give a policy of one statement."""
    return {"Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": arn}]}


def test_the_event_of_a_token_authorizer() -> None:
    """Has three fields."""
    asked = question(rest_api())

    assert asked.event == {
        "type": "TOKEN",
        "authorizationToken": "me",
        "methodArn": f"{PLACE}:localrest/Prod/GET/pets/1",
    }
    assert asked.timeout == 29


def test_the_event_of_a_request_authorizer() -> None:
    """Is the function's own without the body, with the stage left out of the ARN's path."""
    asked = question(rest_api(REQUEST), target="/Prod/pets/1?a=b&a=c")
    event = asked.event

    assert (event["type"], event["methodArn"]) == ("REQUEST", f"{PLACE}:localrest/Prod/GET/pets/1")
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/pets/{id}", "/pets/1", "GET")
    assert event["headers"]["authorization"] == "me"
    assert event["multiValueQueryStringParameters"] == {"a": ["b", "c"]}
    assert (event["pathParameters"], event["stageVariables"]) == ({"id": "1"}, {"table": "t"})
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert not {"body", "isBase64Encoded", "version", "authorizationToken"} & event.keys()
    assert "authorizer" not in event["requestContext"]


def test_the_event_of_format_2() -> None:
    """Has the route's ARN and the identity sources, in their order, beside what the function is told."""
    sources = (HEADER, parse_identity("$context.routeKey"), parse_identity("$stageVariables.table"))
    event = question(http_api(identity=sources)).event

    assert {key: event[key] for key in ("version", "type", "routeArn", "identitySource", "routeKey")} == {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": f"{PLACE}:localhttp/$default/GET/pets/1",
        "identitySource": ["me", "GET /pets/{id}", "t"],
        "routeKey": "GET /pets/{id}",
    }
    assert (event["rawPath"], event["rawQueryString"]) == ("/pets/1", "a=b&a=c")
    assert event["queryStringParameters"] == {"a": "b,c"}
    assert event["requestContext"]["http"]["method"] == "GET"
    assert not {"body", "isBase64Encoded"} & event.keys()


def test_the_event_of_format_1() -> None:
    """Has the method's ARN and the identity sources as one text."""
    sources = (HEADER, parse_identity("$request.querystring.a"))
    asked = question(http_api("dev", payload_format="1.0", identity=sources), target="/dev/pets/1?a=b&a=c")
    event = asked.event

    assert (event["version"], event["type"]) == ("1.0", "REQUEST")
    assert event["methodArn"] == f"{PLACE}:localhttp/dev/GET/pets/1"
    assert event["identitySource"] == event["authorizationToken"] == "me,b,c"
    assert (event["resource"], event["path"]) == ("/pets/{id}", "/dev/pets/1")
    assert event["pathParameters"] == {"id": "1"}
    assert not {"body", "multiValueHeaders", "multiValueQueryStringParameters"} & event.keys()
    assert "authorizer" not in event["requestContext"]
    assert asked.timeout == 10


def test_without_identity_sources_anybody_may_ask() -> None:
    """There is nothing to tell the function of them, and nothing by which a result could be kept."""
    assert question(http_api(identity=())).event["identitySource"] is None
    asked = question(http_api(identity=(), payload_format="1.0"))
    assert asked.event["authorizationToken"] is None
    assert (asked.missing, asked.key) == ("", ())


@pytest.mark.parametrize(
    ("source", "target", "missing"),
    [
        ("$request.header.X-Key", "/pets/1", ""),
        ("$request.header.x-other", "/pets/1", "it has no $request.header.x-other"),
        ("method.request.querystring.a", "/pets/1?a=b", ""),
        ("$request.querystring.A", "/pets/1?a=b", "it has no $request.querystring.A"),
        ("$request.querystring.a", "/pets/1?a=", "it has no $request.querystring.a"),
        ("context.identity.sourceIp", "/pets/1", ""),
        ("$context.httpMethod", "/pets/1", ""),
        ("$context.identity.sourceIp.x", "/pets/1", "it has no $context.identity.sourceIp.x"),
        ("stageVariables.table", "/pets/1", ""),
        ("$stageVariables.other", "/pets/1", "it has no $stageVariables.other"),
    ],
)
def test_who_lacks_an_identity_is_not_asked_for(source: str, target: str, missing: str) -> None:
    """Whatever the kind of API, and however it writes the source."""
    sources = (parse_identity(source),)
    for front in (http_api(identity=sources), rest_api(REQUEST, identity=sources)):
        assert question(front, ("x-key", "k"), target=target).missing == missing


def test_a_token_has_to_match_as_a_whole() -> None:
    """The validation expression keeps others away from the function; the log does not tell the token."""
    front = rest_api(validation="Bearer [a-z]+")
    assert question(front, ("Authorization", "Bearer abc")).missing == ""
    for token in ("Basic abc", "Bearer abc1"):
        missing = question(front, ("Authorization", token)).missing
        assert missing == "$request.header.Authorization does not match Bearer [a-z]+"


def test_results_are_kept_by_identity() -> None:
    """And by the authorizer, for those that keep them at all."""
    assert question(http_api()).key == ()
    assert question(http_api(ttl=60)).key == ("own", "me")
    assert question(rest_api(ttl=300)).key == ("own", "me")


def test_a_rest_api_answers_who_is_refused() -> None:
    """As API Gateway does, down to the capital letter and the kind of error."""
    asked = question(rest_api())
    arn = asked.event["methodArn"]
    denied = asked.refuse(result(asked, principalId="a", policyDocument=policy(arn, "Deny")))
    other = asked.refuse(result(asked, principalId="a", policyDocument=policy(f"{arn}/other")))
    answers = [denied[0], other[0], asked.fault(401), asked.fault(500)]

    assert [(each.status, each.body, headers(each)["x-amzn-errortype"][0]) for each in answers if each] == [
        (
            403,
            b'{"Message":"User is not authorized to access this resource with an explicit deny"}',
            "AccessDeniedException",
        ),
        (403, b'{"Message":"User is not authorized to access this resource"}', "AccessDeniedException"),
        (401, b'{"message":"Unauthorized"}', "UnauthorizedException"),
        (500, b'{"message":null}', "AuthorizerConfigurationException"),
    ]
    assert [denied[1], other[1]] == [f"it denies {arn}", f"its policy does not allow {arn}"]
    assert all("x-amzn-requestid" in headers(each) for each in answers if each)


def test_a_condition_that_is_not_looked_at_is_told() -> None:
    """To the log, where somebody wonders."""
    asked = question(rest_api())
    conditional = {"Statement": [{**policy()["Statement"][0], "Condition": {"Bool": {}}}]}
    _, why = asked.refuse(result(asked, principalId="a", policyDocument=conditional))

    assert why.endswith("GET/pets/1 (conditions are not looked at: they let nobody in)")


def test_an_http_api_answers_who_is_refused() -> None:
    """In the same words whatever the reason is."""
    asked = question(http_api(is_simple=True))
    refused, why = asked.refuse(result(asked, isAuthorized=False))
    assert refused is not None
    answers = [refused, asked.fault(401), asked.fault(500)]

    assert [(each.status, each.body) for each in answers] == [
        (403, b'{"message":"Forbidden"}'),
        (401, b'{"message":"Unauthorized"}'),
        (500, b'{"message":"Internal Server Error"}'),
    ]
    assert why == f"it denies {asked.event['routeArn']}"
    assert all("apigw-requestid" in headers(each) for each in answers)


@pytest.mark.parametrize(
    ("front", "known"),
    [
        (rest_api(), {"principalId": "ada", "level": "3", "integrationLatency": 12}),
        (http_api(), {"lambda": {"level": 3}}),
        (http_api(route_format="1.0"), {"principalId": "ada", "level": 3}),
    ],
    ids=["rest api", "http api", "http api 1.0"],
)
def test_the_function_is_told_who_it_is(front: HttpApi | RestApi, known: dict[str, Any]) -> None:
    """By what each kind of event has in `requestContext.authorizer`."""
    asked = question(front)
    verdict = result(asked, principalId="ada", policyDocument=policy(), context={"level": 3})
    assert asked.refuse(verdict) == (None, "")
    call = asked.proceed(verdict, 12)

    assert isinstance(call, Call)
    assert call.event["requestContext"]["authorizer"] == known
    assert call.function == "f"


def test_a_result_that_says_nothing_of_the_caller() -> None:
    """Has an HTTP API say so."""
    for route_format, known in (("2.0", {"lambda": None}), ("1.0", {})):
        asked = question(http_api(is_simple=True, route_format=route_format))
        call = asked.proceed(result(asked, isAuthorized=True), 0)
        assert isinstance(call, Call)
        assert call.event["requestContext"]["authorizer"] == known


def test_the_options_of_cors_may_be_asked_for_too() -> None:
    """As SAM makes it of a default authorizer: a browser's question has no token, and is refused."""
    authorizer = Authorizer("own", "asked", TOKEN, (HEADER,))
    cors = Cors(("*",))
    settings = RestApiSettings((Route("f", "/x", "GET"),), cors=cors, preflight_authorizer=authorizer)
    asked = RestApi(settings).receive(request("/x", method="OPTIONS"), FACTS)

    assert isinstance(asked, Question)
    assert asked.missing == "it has no $request.header.Authorization"
    answer = asked.proceed(result(asked, principalId="a", policyDocument=policy()), 0)
    assert isinstance(answer, Answer)
    assert (answer.status, headers(answer)["access-control-allow-origin"]) == (200, ["*"])


def test_an_http_api_answers_browsers_itself() -> None:
    """Before any authorizer."""
    front = HttpApi(
        HttpApiSettings((Route("f", authorizer=Authorizer("own", "asked")),), cors=Cors(("*",), ("*",)))
    )
    made = request("/", ("Origin", "https://a"), ("Access-Control-Request-Method", "GET"), method="OPTIONS")

    assert isinstance(front.receive(made, FACTS), Answer)
