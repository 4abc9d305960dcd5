"""Lambda authorizers that a SAM template declares."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.authorizers import REQUEST, TOKEN, Authorizer, parse_identity
from aioric_emulator.fronts.settings import HttpApiSettings, RestApiSettings
from aioric_emulator.template import read_template
from tests.emulator.test_template import write

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator.fronts.settings import FrontSettings

TEMPLATE = """
Globals:
  Function: {Runtime: python3.13, Handler: a.b}
  Api:
    Cors: "'*'"
    Auth:
      DefaultAuthorizer: Tokens
      Authorizers:
        Tokens: {FunctionArn: !GetAtt Asked.Arn}
Resources:
  Role: {Type: "AWS::IAM::Role"}
  Asked: {Type: "AWS::Serverless::Function", Properties: {FunctionName: known}}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Simple
        Authorizers:
          Simple:
            FunctionArn: !Sub "${Asked.Arn}"
            FunctionInvokeRole: !GetAtt Role.Arn
            AuthorizerPayloadFormatVersion: 2.0
            EnableSimpleResponses: true
            Identity:
              Headers: [Authorization]
              QueryStrings: [key]
              StageVariables: [table]
              Context: [routeKey]
              ReauthorizeEvery: "60"
          Old:
            FunctionArn: !GetAtt Asked.Arn
            EnableFunctionDefaultPermissions: true
            AuthorizerPayloadFormatVersion: "1.0"
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: x
      Auth:
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Requests:
            FunctionArn: !Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${Asked}"
            FunctionPayloadType: REQUEST
            Identity: {Headers: [X-Key], ReauthorizeEvery: 0}
          Named:
            FunctionArn: !GetAtt Asked.Arn
            Identity: {Header: X-Token, ValidationExpression: "Bearer.*"}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: {Type: HttpApi, Properties: {Path: /a, Method: GET, ApiId: !Ref Http}}
        B: {Type: HttpApi, Properties: {Path: /b, Method: GET, ApiId: !Ref Http, Auth: {Authorizer: Old}}}
        C: {Type: HttpApi, Properties: {Path: /c, Method: GET, ApiId: !Ref Http, Auth: {Authorizer: NONE}}}
        D: {Type: Api, Properties: {Path: /d, Method: GET, RestApiId: !Ref Rest}}
        E:
          Type: Api
          Properties: {Path: /e, Method: GET, RestApiId: !Ref Rest, Auth: {Authorizer: Requests}}
        G: {Type: Api, Properties: {Path: /g, Method: GET, RestApiId: !Ref Rest, Auth: {Authorizer: Named}}}
        H: {Type: Api, Properties: {Path: /h, Method: GET}}
"""
AUTHORIZATION = parse_identity("$request.header.Authorization")
TOKENS = Authorizer("Tokens", "known", TOKEN, (AUTHORIZATION,), 300.0)


def guarded(front: FrontSettings) -> dict[str, Authorizer | None]:
    """Give the authorizers of an API's routes."""
    assert isinstance(front, HttpApiSettings | RestApiSettings)
    return {route.path: route.authorizer for route in front.routes}


def test_the_authorizers_of_apis_and_their_events(tmp_path: Path) -> None:
    """A default, those of single events, what is common to all APIs, and none at all."""
    template = read_template(write(tmp_path, TEMPLATE), {})
    http, rest, implicit = template.fronts
    simple = tuple(
        parse_identity(text)
        for text in (
            "$request.header.Authorization",
            "$request.querystring.key",
            "$stageVariables.table",
            "$context.routeKey",
        )
    )

    assert guarded(http) == {
        "/a": Authorizer("Simple", "known", REQUEST, simple, 60.0, is_simple=True),
        "/b": Authorizer("Old", "known", payload_format="1.0"),
        "/c": None,
    }
    key, token = (parse_identity(f"$request.header.X-{name}") for name in ("Key", "Token"))
    assert guarded(rest) == {
        "/d": TOKENS,
        "/e": Authorizer("Requests", "known", REQUEST, (key,)),
        "/g": Authorizer("Named", "known", TOKEN, (token,), 300.0, "Bearer.*"),
    }
    assert guarded(implicit) == {"/h": TOKENS}
    assert template.notes == []


def test_the_options_of_cors_are_asked_for_unless_told_otherwise(tmp_path: Path) -> None:
    """As SAM deploys it, to the surprise of many."""
    _, rest, implicit = read_template(write(tmp_path, TEMPLATE), {}).fronts

    assert isinstance(rest, RestApiSettings)
    assert rest.preflight_authorizer is None
    assert isinstance(implicit, RestApiSettings)
    assert implicit.preflight_authorizer == TOKENS


def test_a_function_of_another_stack_is_not_asked(tmp_path: Path) -> None:
    """And it is said by which name it was looked for."""
    arn = "arn:aws:lambda:us-east-1:1:function:f"
    text = TEMPLATE.replace('!Sub "${Asked.Arn}"', f'!Sub "{arn}"')
    template = read_template(write(tmp_path, text), {})

    (note,) = template.notes
    assert note.startswith(f"Http: the authorizer Simple is not run (its function {arn} is not served): ")
    assert guarded(template.fronts[0])["/a"] is None


def test_an_api_that_may_not_invoke_its_authorizer_is_told_of(tmp_path: Path) -> None:
    """SAM permits it to HTTP APIs only where asked to; a template can also permit it itself."""
    text = TEMPLATE.replace("FunctionInvokeRole: !GetAtt Role.Arn", "FunctionInvokeRole:")
    (note,) = read_template(write(tmp_path, text), {}).notes
    permission = "Resources:\n  Permission: {Type: AWS::Lambda::Permission}"

    assert note.startswith(
        "Http: Auth: Simple: when it is deployed, the API may not invoke known, and answers 500"
    )
    assert read_template(write(tmp_path, text.replace("Resources:", permission)), {}).notes == []


def test_names_and_settings_may_come_from_parameters(tmp_path: Path) -> None:
    """As text, where the type is a boolean or a number."""
    text = TEMPLATE.replace("DefaultAuthorizer: Simple", "DefaultAuthorizer: !If [IsOpen, NONE, !Ref Name]")
    text = text.replace("EnableSimpleResponses: true", 'EnableSimpleResponses: "true"')
    text = text.replace('"60"', "!Ref Seconds").replace("Authorizer: Old", "Authorizer: !Ref Name")
    known = (
        'Parameters: {Name: {Default: Simple}, Seconds: {Default: "7"}}\nConditions: {IsOpen: !Equals [a, b]}'
    )
    found = guarded(read_template(write(tmp_path, known + text), {}).fronts[0])

    assert found["/a"] is not None
    assert (found["/a"].name, found["/a"].ttl, found["/a"].is_simple) == ("Simple", 7.0, True)
    assert found["/b"] == found["/a"]


REQUESTS = "Identity: {Headers: [X-Key], ReauthorizeEvery: 0}"
NAMED = "Identity: {Header: X-Token"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"60"', "often", "Http: Auth: Simple: Identity: ReauthorizeEvery is 0 to 3600 seconds, not often"),
        ('"60"', "7200", "Http: Auth: Simple: Identity: ReauthorizeEvery is 0 to 3600 seconds, not 7200"),
        ("AuthorizerPayloadFormatVersion: 2.0", "AuthorizerPayloadFormatVersion: 3", "payload_format is 1.0"),
        (
            "AuthorizerPayloadFormatVersion: 2.0",
            "Else: x",
            "Simple: AuthorizerPayloadFormatVersion is 1.0 or 2.0",
        ),
        ("FunctionPayloadType: REQUEST", "FunctionPayloadType: ALL", "Rest: Auth: Requests: type is TOKEN"),
        ("Auth: {Authorizer: Old}", "Auth: {Authorizer: [Old]}", "by name, not ['Old']"),
        (
            "Auth: {Authorizer: Old}",
            "Auth: {Authorizer: Nope}",
            "Http: Auth: there is no authorizer 'Nope'; there is",
        ),
        ("Auth: {Authorizer: Old}", "Auth: Old", "F: B: Auth is a mapping, not 'Old'"),
        ("DefaultAuthorizer: Simple", "DefaultAuthorizer: {a: b}", "by name, not {'a': 'b'}"),
        ("DefaultAuthorizer: Simple", 'DefaultAuthorizer: ""', "there is no authorizer ''"),
        ("DefaultAuthorizer: Simple", "DefaultAuthorizer: !Ref Nope", "Http: Auth: nothing is named Nope"),
        (
            "      Auth:\n        DefaultAuthorizer: Simple\n",
            "      Auth: []\n      Else:\n",
            "no authorizer 'Old'",
        ),
        (
            "AddDefaultAuthorizerToCorsPreflight: false",
            "Authorizers: x\n    More:",
            "Authorizers is a mapping",
        ),
        (REQUESTS, "Identity: [a]", "Rest: Auth: Requests: Identity is a mapping, not ['a']"),
        (REQUESTS, "Identity: {Headers: {a: b}}", "Identity: Headers is a list of text, not {'a': 'b'}"),
        (
            REQUESTS,
            "Identity: {Header: a}",
            "Identity: there are Headers, QueryStrings, StageVariables, Context",
        ),
        (REQUESTS, "Identity: {ReauthorizeEvery: 5}", "ttl = 0 (in a template ReauthorizeEvery: 0)"),
        (
            NAMED,
            "Identity: {Headers: [a]",
            "there are Header, ReauthorizeEvery, ValidationExpression, not Headers",
        ),
        (
            "Requests:\n            FunctionArn",
            "Requests: x\n          O:\n            FunctionArn",
            "not 'x'",
        ),
    ],
)
def test_what_could_not_be_deployed_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """With its place in the template, and what could be there; nobody is let in for a mistyped name."""
    assert old in TEMPLATE
    with pytest.raises(DeclarationError, match=re.escape(message)):
        read_template(write(tmp_path, TEMPLATE.replace(old, new)), {})
