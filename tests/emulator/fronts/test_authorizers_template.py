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
          Old: {FunctionArn: !GetAtt Asked.Arn, AuthorizerPayloadFormatVersion: "1.0"}
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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"60"', "often", "Identity: ReauthorizeEvery is a number of seconds, not often"),
        ('"60"', "7200", "Http: Auth: Simple: ttl is between 0 and 3600"),
        ("AuthorizerPayloadFormatVersion: 2.0", "AuthorizerPayloadFormatVersion: 3", "payload_format is 1.0"),
        ("FunctionPayloadType: REQUEST", "FunctionPayloadType: ALL", "Rest: Auth: Requests: type is TOKEN"),
    ],
)
def test_what_cannot_be_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """With its place in the template."""
    with pytest.raises(DeclarationError, match=re.escape(message)):
        read_template(write(tmp_path, TEMPLATE.replace(old, new)), {})
