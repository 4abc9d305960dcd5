"""SAM and CloudFormation templates: the functions in them, their intrinsic functions, and what is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.intrinsics import IntrinsicError, Intrinsics
from aioric_emulator.template import read_template

if TYPE_CHECKING:
    from pathlib import Path

SAM = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  Memory: {Type: Number, Default: "512"}
  Secret: {Type: String}
Conditions:
  IsProduction: !Equals [!Ref Stage, prod]
Globals:
  Function:
    Runtime: python3.13
    Timeout: 7
    Environment: {Variables: {STAGE: !Ref Stage, COMMON: global}}
Resources:
  Table: {Type: "AWS::DynamoDB::Table"}
  Greet:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: src/
      MemorySize: !Ref Memory
      ReservedConcurrentExecutions: 2
      LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: DEBUG}
      EventInvokeConfig: {MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 120}
      Environment:
        Variables:
          COMMON: own
          TABLE: !Ref Table
          URL: !Sub "https://${AWS::Region}.${Stage}/${!literal}"
          MODE: !If [IsProduction, hard, soft]
  Snap:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub "${Stage}-snap"
      Handler: app.handler
      SnapStart: {ApplyOn: PublishedVersions}
      Layers: [!Sub "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:layer:x:1"]
  Lanes:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Code: .
      Handler: app.handler
      CapacityProviderConfig:
        LambdaManagedInstancesCapacityProviderConfig: {PerExecutionEnvironmentMaxConcurrency: 8}
  Other: {Type: "AWS::Serverless::Function", Properties: {Runtime: nodejs22.x, Handler: a.b}}
  Image: {Type: "AWS::Serverless::Function", Properties: {PackageType: Image}}
  Stored: {Type: "AWS::Lambda::Function", Properties: {Runtime: python3.13, Code: {S3Bucket: b}}}
  Packed: {Type: "AWS::Serverless::Function", Properties: {CodeUri: "s3://bucket/key", Handler: a.b}}
"""


def write(folder: Path, text: str) -> Path:
    """Give a template of this text."""
    path = folder / "template.yaml"
    path.write_text(text)
    return path


def test_a_sam_template(tmp_path: Path) -> None:
    """Its Python functions with all that is known of them; the others with a reason."""
    (tmp_path / "src").mkdir()
    template = read_template(write(tmp_path, SAM), {})
    greet, snap, lanes = template.functions
    assert (greet.name, greet.timeout, greet.memory, greet.max_environments) == ("Greet", 7.0, 512, 2)
    assert greet.task_root == tmp_path / "src"
    assert greet.variables == {
        "STAGE": "dev",
        "COMMON": "own",
        "TABLE": "Table",
        "URL": "https://us-east-1.dev/${literal}",
        "MODE": "soft",
    }
    assert (greet.log_format, greet.log_level) == ("JSON", "DEBUG")
    assert (greet.events.max_retries, greet.events.max_age) == (0, 120.0)
    assert (snap.name, snap.has_snapshot) == ("dev-snap", True)
    assert (lanes.concurrency, lanes.timeout, lanes.variables) == (8, 3.0, {})
    assert template.left_out == {
        "Other": "its runtime is nodejs22.x",
        "Image": "an image",
        "Stored": "its code is not in a folder",
        "Packed": "its code is not in a folder",
    }
    (note,) = template.notes
    assert note.startswith("Snap: served without the layer arn:aws:lambda:us-east-1:123456789012:layer:x:1: ")


def test_parameters_and_variables_are_the_users(tmp_path: Path) -> None:
    """They rank above the template's, and what they name need not be resolvable."""
    text = """
Parameters: {Stage: {Type: String}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: a.b
      Environment: {Variables: {ARN: !GetAtt Table.Arn, STAGE: !Ref Stage}}
"""
    path = write(tmp_path, text)
    (function,) = read_template(path, {"Stage": "x"}, {"ARN": "arn"}).functions
    assert function.variables == {"ARN": "arn", "STAGE": "x"}
    with pytest.raises(DeclarationError, match="F: Environment: ARN: Fn::GetAtt is not known before"):
        read_template(path, {"Stage": "x"})
    with pytest.raises(DeclarationError, match="STAGE: the parameter Stage has no default"):
        read_template(path, {}, {"ARN": "arn"})


def test_a_json_template(tmp_path: Path) -> None:
    """Is YAML too."""
    resource = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Runtime": "python3.12", "Handler": "a.b"},
    }
    (function,) = read_template(write(tmp_path, json.dumps({"Resources": {"F": resource}})), {}).functions
    assert function.handler == "a.b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "template.yaml: "),
        ("[]", "no Resources, so no template"),
        ("Resources: {}", "no function to serve"),
        ("Resources: {F: {Type: AWS::Serverless::Function}}", "F: its runtime is not given"),
        (
            "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13}}}",
            "F: a function needs a handler",
        ),
        (
            (
                "Resources: {F: {Type: AWS::Serverless::Function, "
                "Properties: {Runtime: python3.13, Handler: a.b, Timeout: x}}}"
            ),
            "F: timeout is a number, not 'x'",
        ),
    ],
)
def test_a_wrong_template_is_told_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    """By the function and the property."""
    with pytest.raises(DeclarationError, match=re.escape(message)):
        read_template(write(tmp_path, text), {})


CONTENT: dict[str, Any] = {
    "Parameters": {"P": {"Default": "a,b"}},
    "Mappings": {"M": {"us-east-1": {"k": "v"}}},
    "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}, "No": {"Fn::Not": [{"Condition": "Yes"}]}},
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::AccountId"}]]}, "a-123456789012"),
        ({"Fn::Select": ["1", {"Fn::Split": [",", {"Ref": "P"}]}]}, "b"),
        ({"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "k"]}, "v"),
        ({"Fn::If": ["No", 1, 2]}, 2),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]}, False),
        ({"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]}, True),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1]}, {"b": [1]}),
        ({"Fn::Sub": ["${X}/${P}", {"X": 1}]}, "1/a,b"),
        ({"plain": "x"}, {"plain": "x"}),
    ],
)
def test_intrinsic_functions(value: Any, expected: object) -> None:
    """What a template alone can answer."""
    assert Intrinsics(CONTENT, {}).resolve(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"Fn::ImportValue": "x"}, "Fn::ImportValue is not known before a stack is deployed"),
        ({"Fn::Not": []}, "Fn::Not cannot be resolved"),
        ({"Fn::Sub": "${T.Arn}"}, "${T.Arn} is not known"),
        ({"Ref": "Nobody"}, "nothing is named Nobody"),
        ({"Fn::Join": ["", [[1]]]}, "[1] is no text"),
        ({"Fn::If": ["Never", 1, 2]}, "Fn::If cannot be resolved"),
    ],
)
def test_what_only_a_stack_knows_is_refused(value: Any, message: str) -> None:
    """By the function's name."""
    with pytest.raises(IntrinsicError, match=re.escape(message)):
        Intrinsics(CONTENT, {}).resolve(value)


PLAIN = "Runtime: python3.13, Handler: a.b"
ALB = "AWS::ElasticLoadBalancingV2"
FRONTS = "its APIs or load balancers"
MISSHAPEN = {
    f"{{F: {{Type: 'AWS::Serverless::Function', Properties: {{{PLAIN}, Events: 5}}}}}}": "F",
    f"{{F: {{Type: 'AWS::Lambda::Function', Properties: {{{PLAIN}, Environment: {{Variables: 5}}}}}}}}": "F",
    "{F: {Type: 'AWS::Lambda::Function', Properties: 5}}": "F",
    f"{{F: {{Type: 'AWS::Lambda::Function', Properties: {{{PLAIN}}}}}, G: "
    f"{{Type: '{ALB}::TargetGroup', Properties: {{TargetType: lambda, Targets: 5}}}}}}": FRONTS,
    f"{{F: {{Type: 'AWS::Lambda::Function', Properties: {{{PLAIN}}}}},"
    f" G: {{Type: '{ALB}::Listener', Properties: {{DefaultActions: 5}}}}}}": FRONTS,
}


@pytest.mark.parametrize("resources", MISSHAPEN)
def test_any_shape_is_told(resources: str, tmp_path: Path) -> None:
    """Without a trace, and with the resource that it is about."""
    file = tmp_path / "template.yaml"
    file.write_text(f"Resources: {resources}")
    message = f"template.yaml: {MISSHAPEN[resources]}: not of the shape that a template has"
    with pytest.raises(DeclarationError, match=message):
        read_template(file, {})


def test_what_is_named_twice_is_told(tmp_path: Path) -> None:
    """YAML readers take the last, and a function is not there; what a merge brings along is not meant."""
    text = "Resources:\n  F: &f {Type: a}\n  G: {<<: *f, Type: b}\n"
    with pytest.raises(DeclarationError, match="no function to serve"):
        read_template(write(tmp_path, text), {})
    with pytest.raises(DeclarationError, match=r"F is there twice(?s:.*)line 2"):
        read_template(write(tmp_path, f"{text}  F: {{}}"), {})


def test_globals_have_a_shape_too(tmp_path: Path) -> None:
    """They are of the whole template."""
    (tmp_path / "template.yaml").write_text("Globals: 5\nResources: {}")
    with pytest.raises(DeclarationError, match=r"template\.yaml: not of the shape"):
        read_template(tmp_path / "template.yaml", {})
