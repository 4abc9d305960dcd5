"""Functions of a template, named by their ARN."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.function_references import FunctionReferences
from aioric_emulator.intrinsics import IntrinsicError, Intrinsics

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Arn": {"Default": "arn:aws:lambda:us-east-1:123456789012:function:known"},
        "Away": {"Default": "arn:aws:lambda:us-east-1:1:function:away:live"},
        "Open": {},
    },
    "Conditions": {"Yes": {"Fn::Equals": ["a", "a"]}},
    "Resources": {
        "F": {"Type": "AWS::Serverless::Function"},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "F"}}},
        "Node": {"Type": "AWS::Lambda::Function"},
        "Nested": {"Type": "AWS::CloudFormation::Stack"},
        "Table": {"Type": "AWS::DynamoDB::Table"},
    },
}


def resolve(place: str, value: Any) -> Any:
    """Resolve as a template does."""
    try:
        return Intrinsics(TEMPLATE, {}).resolve(value)
    except IntrinsicError as error:
        raise DeclarationError(f"{place}: {error}") from None


REFERENCES = FunctionReferences(TEMPLATE, {"F": "known"}, resolve)


@pytest.mark.parametrize(
    "reference",
    [
        {"Fn::GetAtt": ["F", "Arn"]},
        {"Fn::GetAtt": "F.Arn"},
        {"Fn::Sub": "${F.Arn}"},
        {"Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${F}"},
        {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:known"},
        {"Fn::Sub": ["${F.Arn}", {}]},
        {"Ref": "F.Alias"},
        {"Ref": "Live"},
        {"Ref": "Arn"},
        {"Fn::If": ["Yes", {"Ref": "Arn"}, "x"]},
        "arn:aws:lambda:eu-west-1:123456789012:function:known:3",
    ],
    ids=str,
)
def test_a_function_is_found(reference: Any) -> None:
    """By what gives its ARN, or that of an alias; also by its name within an ARN."""
    assert REFERENCES.find("P", reference) == ("known", "")


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ({"Fn::GetAtt": ["Node", "Arn"]}, "its function Node is not served"),
        ({"Fn::GetAtt": ["Nested", "Outputs.Arn"]}, "its function Nested is not served"),
        ({"Ref": "Away"}, "its function arn:aws:lambda:us-east-1:1:function:away:live is not served"),
        ({"Ref": "Open"}, "only a deployed stack knows its function"),
        ({"Fn::ImportValue": "x"}, "only a deployed stack knows its function"),
        ({"Fn::If": ["Yes", {"Fn::GetAtt": ["F", "Arn"]}, "x"]}, "only a deployed stack knows its function"),
    ],
    ids=str,
)
def test_a_function_that_is_not_served_is_told(reference: Any, reason: str) -> None:
    """It may be there when the template is deployed."""
    assert REFERENCES.find("P", reference) == ("", reason)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ({"Fn::GetAtt": ["Nope", "Arn"]}, "P: nothing is named Nope"),
        ({"Fn::Sub": "${Nope.Arn}"}, "P: nothing is named Nope"),
        ({"Fn::GetAtt": ["Table", "Arn"]}, "P: Table is an AWS::DynamoDB::Table, and no function"),
        ({"Ref": "F"}, "P: the ARN of F is !GetAtt F.Arn"),
        ({"Fn::GetAtt": ["F", "Version"]}, "P: the ARN of F is !GetAtt F.Arn"),
        ("F", "P: it is an ARN, such as !GetAtt of a function's Arn, not 'F'"),
        (["F"], "not ['F']"),
        ({"a": "b"}, "not {'a': 'b'}"),
    ],
    ids=str,
)
def test_what_is_no_functions_arn_is_refused(reference: Any, message: str) -> None:
    """Nothing of it could be deployed."""
    with pytest.raises(DeclarationError, match=re.escape(message)):
        REFERENCES.find("P", reference)


def test_permissions_of_the_templates_own_are_seen() -> None:
    """Whoever writes them down permits an API more than SAM would."""
    permission = {"Resources": {"P": {"Type": "AWS::Lambda::Permission"}}}

    assert not REFERENCES.has_permissions
    assert FunctionReferences(permission, {}, resolve).has_permissions
