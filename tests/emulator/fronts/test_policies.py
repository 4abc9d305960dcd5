"""Policies of authorizers: what they let through, as tables."""

from __future__ import annotations

import re
from typing import Any

import pytest

from aioric_emulator.fronts.policies import ALLOWED, DENIED, UNMENTIONED, MalformedPolicy, judge, read_policy

ARN = "arn:aws:execute-api:us-east-1:123456789012:api/Prod/GET/pets/1"
INVOKE = "execute-api:Invoke"


def statement(
    effect: str = "Allow", action: Any = INVOKE, resource: Any = ARN, **more: Any
) -> dict[str, Any]:
    """Give one statement."""
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def judged(*statements: Any) -> str:
    """Give what a policy of these says of the ARN."""
    return judge(read_policy({"Version": "2012-10-17", "Statement": list(statements)}), ARN)


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (ARN, ALLOWED),
        ("*", ALLOWED),
        ("arn:aws:execute-api:*:*:*/*/GET/*", ALLOWED),
        ("arn:aws:execute-api:us-east-1:123456789012:api/Prod/GET/pets/*", ALLOWED),
        ("arn:aws:execute-api:us-east-1:123456789012:api/Prod/GET/pets/?", ALLOWED),
        (["arn:x", ARN], ALLOWED),
        ("arn:aws:execute-api:us-east-1:123456789012:api/Prod/POST/*", UNMENTIONED),
        ("arn:aws:execute-api:us-east-1:123456789012:api/Prod/GET/pets", UNMENTIONED),
        ("arn:aws:execute-api:us-east-1:123456789012:api/Prod/get/pets/1", UNMENTIONED),
        ("arn:aws:execute-api:us-east-1:123456789012:api/Prod/GET/pets/1?", UNMENTIONED),
        ("arn:*:GET/*", UNMENTIONED),
        ("arn:*api*/pets/?", ALLOWED),
        ("*pets*pets*", UNMENTIONED),
        ("**1", ALLOWED),
        ("arn.aws*", UNMENTIONED),
    ],
)
def test_resources_are_patterns(resource: Any, found: str) -> None:
    """A star is anything, slashes and colons too; a question mark is one character; the rest is literal."""
    assert judged(statement(resource=resource)) == found


@pytest.mark.parametrize(
    ("action", "found"),
    [
        ("execute-api:*", ALLOWED),
        ("*", ALLOWED),
        ("Execute-API:invoke", ALLOWED),
        (["s3:GetObject", INVOKE], ALLOWED),
        ("execute-api:ManageConnections", UNMENTIONED),
    ],
)
def test_actions_are_patterns_too(action: Any, found: str) -> None:
    """In any case of letters."""
    assert judged(statement(action=action)) == found


def test_many_stars_take_no_longer() -> None:
    """A long path against a pattern that nearly fits is judged at once, not after all ways to fit."""
    policy = read_policy({"Statement": statement(resource="*/" * 20 + "x")})
    assert judge(policy, "/a" * 2000) == UNMENTIONED


def test_a_denial_outranks_all_that_allows() -> None:
    """Wherever it stands; nothing is allowed that no statement mentions."""
    assert judged(statement(), statement("Deny", resource="*/GET/*")) == DENIED
    assert judged(statement("Deny"), statement()) == DENIED
    assert judged(statement(), statement("Deny", resource="*/POST/*")) == ALLOWED
    assert judge(read_policy({"Statement": statement()}), ARN) == ALLOWED


def test_everything_but() -> None:
    """`NotAction` and `NotResource` are of all else."""
    but = {"Effect": "Allow", "NotAction": "s3:*", "NotResource": "*/POST/*"}
    assert judged(but) == ALLOWED
    assert judged(but | {"NotResource": "*/GET/*"}) == UNMENTIONED
    assert judged(but | {"NotAction": "execute-api:*"}) == UNMENTIONED


def test_what_has_a_condition_lets_nobody_in() -> None:
    """It is not looked at: as if it held where it denies, and as if it did not where it allows."""
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    assert judged(statement(Condition=condition)) == UNMENTIONED
    assert judged(statement(), statement("Deny", Condition=condition)) == DENIED


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "policyDocument is no object"),
        ([], "policyDocument is no object"),
        ({}, "policyDocument has no Statement"),
        ({"Statement": []}, "policyDocument has no Statement"),
        ({"version": "", "statement": []}, "policyDocument has no Statement; it has version, statement"),
        ({"Statement": ["x"]}, "a Statement is no object: 'x'"),
        ({"Statement": statement("allow")}, "Effect is Allow or Deny, not 'allow'"),
        ({"Statement": statement(action=None)}, "Action is text or a list of text, not None"),
        ({"Statement": statement(resource=[])}, "Resource is text or a list of text, not []"),
        ({"Statement": statement(resource=[1])}, "Resource is text or a list of text, not [1]"),
    ],
)
def test_what_is_no_policy_is_told(document: object, message: str) -> None:
    """With what could be in its place."""
    with pytest.raises(MalformedPolicy, match=re.escape(message)):
        read_policy(document)
