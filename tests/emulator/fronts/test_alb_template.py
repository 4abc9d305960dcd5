"""Load balancers of CloudFormation templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.alb_actions import FixedResponse, Redirect, Target, Weighted
from aioric_emulator.fronts.alb_rules import Condition, Rule
from aioric_emulator.fronts.settings import AlbSettings
from aioric_emulator.template import read_template

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator.fronts.settings import FrontSettings

FUNCTIONS = """
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  First:
    Type: AWS::Serverless::Function
    Properties: {FunctionName: !Sub "${Stage}-first", Runtime: python3.13, Handler: a.b}
  Second: {Type: "AWS::Lambda::Function", Properties: {Runtime: python3.13, Code: ., Handler: a.c}}
  Live: {Type: "AWS::Lambda::Alias", Properties: {FunctionName: !Ref Second, Name: live}}
"""
GROUPS = """
  One:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetType: lambda
      Targets: [{Id: !GetAtt First.Arn}]
      TargetGroupAttributes: [{Key: lambda.multi_value_headers.enabled, Value: "true"}]
  Two:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: lambda, Targets: [{Id: !Ref Live}]}
  Machines:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: ip, Targets: [{Id: 10.0.0.1}]}
  Away:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: lambda, Targets: [{Id: "arn:aws:lambda:us-east-1:1:function:away"}]}
"""
LISTENERS = """
  Main:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      DefaultActions:
        - {Type: authenticate-oidc, Order: 1}
        - {Type: forward, Order: 2, TargetGroupArn: !Ref Machines}
  Late:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Main
      Priority: 20
      Conditions: [{Field: path-pattern, Values: [/api/*]}]
      Actions:
        - Type: forward
          ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Machines}, {TargetGroupArn: !Ref Two}]}
  Early:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Main
      Priority: "3"
      Conditions:
        - {Field: http-header, HttpHeaderConfig: {HttpHeaderName: x-stage, Values: [!Ref Stage]}}
        - {Field: query-string, QueryStringConfig: {Values: [{Key: a, Value: b}, {Value: c}]}}
        - {Field: source-ip, SourceIpConfig: {Values: [127.0.0.0/8]}}
      Actions: [{Type: forward, TargetGroupArn: !Ref One}]
  Elsewhere:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !ImportValue shared-listener
      Priority: 1
      Conditions: [{Field: host-header, HostHeaderConfig: {Values: [a.example]}}]
      Actions: [{Type: forward, TargetGroupArn: !Ref Two}]
  Redirects:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {DefaultActions: [{Type: redirect, RedirectConfig: {Protocol: HTTPS, StatusCode: HTTP_301}}]}
  Fixed:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Main
      Priority: 10
      Conditions: [{Field: http-request-method, HttpRequestMethodConfig: {Values: [PUT]}}]
      Actions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: "405", MessageBody: gone}}]
"""


def read(folder: Path, text: str) -> list[FrontSettings]:
    """Give the fronts of a template of this text."""
    (folder / "template.yaml").write_text(text)
    return read_template(folder / "template.yaml", {}).fronts


def test_a_group_without_a_listener_is_enough(tmp_path: Path) -> None:
    """All requests go to its function, by whatever name the group knows that."""
    assert read(tmp_path, FUNCTIONS + GROUPS) == [
        AlbSettings("dev-first", multi_value_headers=True),
        AlbSettings("Second"),
    ]


def test_listeners_lead_by_their_rules(tmp_path: Path) -> None:
    """In the order of priorities, the default last; a listener that leads to no function is left out."""
    elsewhere, main = read(tmp_path, FUNCTIONS + GROUPS + LISTENERS)[::-1]
    first, second = Target("dev-first", multi_value_headers=True), Target("Second")
    assert main == AlbSettings(
        "dev-first",
        name="Main",
        rules=(
            Rule(
                first,
                (
                    Condition("http-header", ("dev",), "x-stage"),
                    Condition("query-string", ("a=b", "c")),
                    Condition("source-ip", ("127.0.0.0/8",)),
                ),
            ),
            Rule(FixedResponse(405, body="gone"), (Condition("http-request-method", ("PUT",)),)),
            Rule(second, (Condition("path-pattern", ("/api/*",)),)),
            Rule(None),
        ),
    )
    assert main.title == "Load balancer Main"
    assert isinstance(elsewhere, AlbSettings)
    assert elsewhere.rules == (Rule(second, (Condition("host-header", ("a.example",)),)),)


SHARED = """
  Main:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      DefaultActions:
        - Type: forward
          ForwardConfig:
            TargetGroups:
              - {TargetGroupArn: !Ref One, Weight: 3}
              - {TargetGroupArn: !Ref Machines, Weight: 5}
              - {TargetGroupArn: !Ref Two, Weight: "1"}
  Old:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Main
      Priority: 1
      Conditions: [{Field: path-pattern, Values: [/old/*]}]
      Actions:
        - {Type: redirect, RedirectConfig: {Path: "/new/#{path}", Port: 8443, StatusCode: HTTP_302}}
"""


def test_shares_and_redirects(tmp_path: Path) -> None:
    """Weights of the groups that are functions; a redirect with what it changes."""
    (front,) = read(tmp_path, FUNCTIONS + GROUPS + SHARED)
    assert isinstance(front, AlbSettings)
    first, second = Target("dev-first", multi_value_headers=True), Target("Second")
    old, default = front.rules
    assert old.action == Redirect(302, path="/new/#{path}", port="8443")
    assert default.action == Weighted(((first, 3), (second, 1)))
    assert front.function == "dev-first"


RULE = """
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: x
      Actions: [{Type: forward, TargetGroupArn: !Ref One}]
"""
REFUSED = {
    "Priority: first": "Rule: first is no number",
    "Priority: 1\n      Conditions: [{Field: moon}]": "Rule: a condition's Field is host-header,",
    "Priority: 1\n      Conditions: [{Field: path-pattern, PathPatternConfig: {RegexValues: [a]}}]": (
        "Rule: the condition path-pattern has no Values; no other kind is known"
    ),
    "Priority: 1\n      Conditions: [{Field: source-ip, Values: [here]}]": "Rule: source-ip: 'here' does not",
    "Priority: 1\n      Actions: [{Type: redirect, RedirectConfig: {StatusCode: 301}}]": (
        "Rule: a redirect's StatusCode is HTTP_301 or HTTP_302, not 301"
    ),
    "Priority: !GetAtt A.B": "Rule: Fn::GetAtt is not known",
    "Priority: 1\n  New:\n    Type: AWS::ElasticLoadBalancingV2::TargetGroup\n"
    "    Properties: {TargetType: lambda, Targets: [{Id: !GetAtt No.Arn}]}": "Targets: nothing is named No",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_is_refused(text: str, tmp_path: Path) -> None:
    """With its place in the template."""
    rule = RULE.rpartition("      Actions:")[0] if "Actions:" in text else RULE
    with pytest.raises(DeclarationError, match=re.escape(REFUSED[text])):
        read(tmp_path, f"{FUNCTIONS}{GROUPS}{rule}      {text}\n")
