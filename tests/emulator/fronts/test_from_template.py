"""Fronts of SAM and CloudFormation templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import HttpApiSettings, RestApiSettings, UrlSettings
from aioric_emulator.template import read_template

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator.fronts.settings import FrontSettings

WHOLE = """
Parameters: {Stage: {Type: String, Default: dev}}
Globals:
  Function: {Runtime: python3.13}
  Api: {BinaryMediaTypes: [image~1png], Cors: "'*'"}
  HttpApi: {StageVariables: {TABLE: !Ref Stage}}
Resources:
  Own:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: !Ref Stage
      CorsConfiguration: {AllowOrigins: ["https://a"], AllowCredentials: true}
  Open: {Type: "AWS::Serverless::HttpApi", Properties: {CorsConfiguration: true}}
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: !Ref Stage
      Variables: {A: b}
      Cors: {AllowOrigin: "'https://a'", AllowMethods: "'GET, PUT'", MaxAge: "'9'", AllowCredentials: true}
  First:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${Stage}-first"
      Handler: app.first
      FunctionUrlConfig:
        AuthType: NONE
        InvokeMode: RESPONSE_STREAM
        Cors: {AllowOrigins: ["*"], AllowMethods: [GET], AllowHeaders: [x], ExposeHeaders: [y], MaxAge: 9}
      Events:
        Rest: {Type: Api, Properties: {Path: "/{proxy+}", Method: any}}
        Http: {Type: HttpApi}
        Old:
          Type: HttpApi
          Properties: {Path: /old, Method: POST, PayloadFormatVersion: "1.0", TimeoutInMillis: 500}
        Queue: {Type: SQS, Properties: {Queue: !GetAtt Nothing.Arn}}
  Second:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.second
      Events:
        Own: {Type: HttpApi, Properties: {ApiId: !Ref Own, Path: /own, Method: get}}
        Open:
          Type: HttpApi
          Properties: {ApiId: !Ref Open, Path: /open, Method: x-amazon-apigateway-any-method}
        Rest: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: /rest, Method: put}}
  Third:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Code: ., Handler: app.third}
  ThirdUrl:
    Type: AWS::Lambda::Url
    Properties: {AuthType: NONE, TargetFunctionArn: !GetAtt Third.Arn}
  Elsewhere:
    Type: AWS::Lambda::Url
    Properties: {AuthType: NONE, TargetFunctionArn: some-name}
"""


def read(folder: Path, text: str) -> list[FrontSettings]:
    """Give the fronts of a template of this text."""
    (folder / "template.yaml").write_text(text)
    return read_template(folder / "template.yaml", {}).fronts


def test_a_whole_template(tmp_path: Path) -> None:
    """URLs first, then APIs in the order in which functions name them, each with its own settings."""
    table = {"TABLE": "dev"}

    assert read(tmp_path, WHOLE) == [
        UrlSettings("dev-first", None, "RESPONSE_STREAM", Cors(("*",), ("GET",), ("x",), ("y",), max_age=9)),
        UrlSettings("Third"),
        RestApiSettings(
            (Route("dev-first", "/{proxy+}"),), binary_media_types=("image/png",), cors=Cors(("*",))
        ),
        HttpApiSettings(
            (Route("dev-first"), Route("dev-first", "/old", "POST", "1.0", 0.5)), stage_variables=table
        ),
        HttpApiSettings(
            (Route("Second", "/own", "GET"),),
            stage="dev",
            stage_variables=table,
            cors=Cors(("https://a",), allow_credentials=True),
        ),
        HttpApiSettings(
            (Route("Second", "/open"),), stage_variables=table, cors=Cors(("*",), ("*",), ("*",))
        ),
        RestApiSettings(
            (Route("Second", "/rest", "PUT"),),
            stage="dev",
            stage_variables={"A": "b"},
            binary_media_types=("image/png",),
            cors=Cors(("https://a",), ("GET", "PUT"), allow_credentials=True, max_age=9),
        ),
    ]


FUNCTION = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.f
"""
API = """
  A: {Type: "AWS::Serverless::Api", Properties: {StageName: x, Cors: true}}
"""
REFUSED = {
    "FunctionUrlConfig: {Cors: x}": "F: FunctionUrlConfig: Cors is a mapping or true, not 'x'",
    "FunctionUrlConfig: {InvokeMode: X}": "F: url: invoke_mode is BUFFERED or RESPONSE_STREAM, not X",
    "FunctionUrlConfig: {InvokeMode: !GetAtt A.B}": "F: FunctionUrlConfig: Fn::GetAtt is not known",
    "Events: {E: {Type: Api}}": "F: E: an event of the type Api needs a Path",
    "Events: {E: {Type: HttpApi, Properties: {Path: x, Method: get}}}": "F: E: GET x: a route is $default",
    "Events: {E: {Type: Api, Properties: {Path: /x, Method: fetch}}}": "F: E: FETCH /x: a route's method is",
    "Events: {E: {Type: Api, Properties: {Path: !GetAtt A.B}}}": "F: E: Fn::GetAtt is not known",
    "Events: {E: {Type: HttpApi}, G: {Type: HttpApi}}": "F: G: ServerlessHttpApi has $default already",
}


def test_cors_of_a_rest_api_is_text_or_a_mapping(tmp_path: Path) -> None:
    """Unlike an HTTP API's it cannot be just on."""
    events = "      Events: {E: {Type: Api, Properties: {Path: /x, Method: get, RestApiId: !Ref A}}}"
    with pytest.raises(DeclarationError, match="A: Cors is text or a mapping, not True"):
        read(tmp_path, f"{FUNCTION}{events}{API}")


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_is_refused(text: str, tmp_path: Path) -> None:
    """With its place in the template."""
    with pytest.raises(DeclarationError, match=re.escape(REFUSED[text])):
        read(tmp_path, f"{FUNCTION}      {text}\n")


AUTHORIZED = """
Globals:
  Function: {Runtime: python3.13, Handler: a.b}
  Api: {Auth: {DefaultAuthorizer: AWS_IAM, ApiKeyRequired: true, Authorizers: {Token: {UserPoolArn: p}}}}
Resources:
  Other: {Type: "AWS::Serverless::Function", Properties: {Runtime: nodejs22.x}}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Jwt
        Authorizers: {Jwt: {}, Own: {FunctionArn: !GetAtt Other.Arn}, Unused: {}}
  Free: {Type: "AWS::Serverless::HttpApi"}
  F:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig: {AuthType: AWS_IAM}
      Events:
        A: {Type: HttpApi, Properties: {Path: /a, ApiId: !Ref Http}}
        A2: {Type: HttpApi, Properties: {Path: /a2, ApiId: !Ref Http, Auth: {Authorizer: Own}}}
        B: {Type: HttpApi, Properties: {Path: /b, ApiId: !Ref Free, Auth: {Authorizer: NONE}}}
        C: {Type: Api, Properties: {Path: /c, Method: GET, Auth: {Authorizer: Token}}}
        D: {Type: Api, Properties: {Path: /d, Method: GET, Auth: {ApiKeyRequired: true}}}
"""


def test_what_is_not_asked_for_is_said(tmp_path: Path) -> None:
    """Authorizers by name, of the API, of its events and of what is common; a URL that wants signatures."""
    (tmp_path / "template.yaml").write_text(AUTHORIZED)
    let_in = "everybody is let in, and events say nothing of who it is (requestContext.authorizer)"
    assert read_template(tmp_path / "template.yaml", {}).notes == [
        f"F: FunctionUrlConfig: AWS_IAM is not asked for: {let_in}",
        f"F: D: API keys are not asked for: {let_in}",
        f"Http: the authorizer Jwt is not run (no Lambda authorizer): {let_in}",
        f"Http: the authorizer Own is not run (its function Other is not served): {let_in}",
        f"ServerlessRestApi: API keys are not asked for: {let_in}",
        f"ServerlessRestApi: the authorizer Token is not run (no Lambda authorizer): {let_in}",
        f"ServerlessRestApi: the authorizer AWS_IAM is not run (no Lambda authorizer): {let_in}",
    ]
