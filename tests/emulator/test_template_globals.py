"""A template's `Globals`, below what a resource says itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.settings import HttpApiSettings, RestApiSettings
from aioric_emulator.template import read_template
from aioric_emulator.template_globals import merge_properties
from tests.emulator.test_template import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("common", "own", "merged"),
    [
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"d": 3}}}, {"a": {"b": {"c": 1, "d": 3}}}),
        ({"a": [1]}, {"a": [2, 1]}, {"a": [1, 2, 1]}),
        ({"a": [1]}, {"a": "text"}, {"a": "text"}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": {"Ref": "P"}}, {"a": {"Ref": "Q"}}, {"a": {"Ref": "Q"}}),
        ({"a": {"b": 1}}, {"a": {"Fn::If": ["C", 1, 2]}}, {"a": {"Fn::If": ["C", 1, 2]}}),
        ({"a": {"Fn::If": ["C", 1, 2]}}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
    ids=["mappings", "lists", "kinds", "null", "functions", "function over mapping", "mapping over function"],
)
def test_properties_are_merged_as_sam_does(common: Any, own: Any, merged: Any) -> None:
    """Mappings at every level, lists one after the other; the rest is the resource's own."""
    assert merge_properties(common, own) == merged


TEMPLATE = """
Globals:
  Function:
    Runtime: python3.13
    Handler: app.handler
    EventInvokeConfig: {MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 600}
    FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ["https://a.example"], MaxAge: 5}}
  Api:
    Variables: {table: common, stage: x}
    BinaryMediaTypes: [image~1png]
    Cors: {AllowOrigin: "'*'", AllowHeaders: "'x-common'"}
  HttpApi:
    StageVariables: {table: common}
    CorsConfiguration: {AllowOrigins: ["https://a.example"], MaxAge: 5}
Resources:
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: s
      Variables: {table: own}
      BinaryMediaTypes: [image~1gif]
      Cors: {AllowHeaders: "'x-own'"}
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageVariables: {key: own}
      CorsConfiguration: {AllowOrigins: ["https://b.example"], AllowCredentials: true}
  F:
    Type: AWS::Serverless::Function
    Properties:
      EventInvokeConfig: {MaximumRetryAttempts: 0}
      FunctionUrlConfig: {Cors: {AllowOrigins: ["https://b.example"]}}
      Events:
        R: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: /r, Method: get}}
        H: {Type: HttpApi, Properties: {ApiId: !Ref Http}}
"""


def test_apis_and_functions_have_what_globals_say_and_their_own(tmp_path: Path) -> None:
    """So one value of a mapping such as `Cors` can be another, and the others stay."""
    template = read_template(write(tmp_path, TEMPLATE), {})
    url, rest, http = template.fronts
    origins = ("https://a.example", "https://b.example")

    assert isinstance(rest, RestApiSettings)
    assert isinstance(http, HttpApiSettings)
    assert rest.stage_variables == {"table": "own", "stage": "x"}
    assert rest.binary_media_types == ("image/png", "image/gif")
    assert rest.cors == Cors(("*",), (), ("x-own",))
    assert http.stage_variables == {"table": "common", "key": "own"}
    assert http.cors == Cors(origins, allow_credentials=True, max_age=5)
    assert getattr(url, "cors", None) == Cors(origins, max_age=5)
    (function,) = template.functions
    assert (function.events.max_retries, function.events.max_age) == (0, 600)
