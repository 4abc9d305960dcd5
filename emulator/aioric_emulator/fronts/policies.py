"""IAM policies as authorizers give them: does one let a caller through to a method's ARN? No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

__all__ = ["ALLOWED", "DENIED", "UNMENTIONED", "MalformedPolicy", "Statement", "judge", "read_policy"]

# What a policy says of an ARN. A denial outranks all that allows; what is not mentioned is not allowed.
ALLOWED = "allowed"
DENIED = "denied"
UNMENTIONED = "unmentioned"
ACTION = "execute-api:invoke"


class MalformedPolicy(ValueError):
    """What an authorizer gave is no policy; the message says why."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. What it names are patterns; `but` is whether it is of everything else instead."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    but_actions: bool = False
    but_resources: bool = False
    has_condition: bool = False

    def is_of(self, arn: str) -> bool:
        """Whether it says something of invoking what has this ARN."""
        is_action = any(matches(each.lower(), ACTION) for each in self.actions)
        is_resource = any(matches(each, arn) for each in self.resources)
        return is_action is not self.but_actions and is_resource is not self.but_resources


def read_policy(document: object) -> tuple[Statement, ...]:
    """Read a `policyDocument`. Raises `MalformedPolicy`."""
    if not isinstance(document, dict):
        raise MalformedPolicy("policyDocument is no object")
    statements = document.get("Statement")
    if isinstance(statements, dict):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        there = ", ".join(map(str, document)) or "nothing"
        raise MalformedPolicy(f"policyDocument has no Statement; it has {there}")
    return tuple(read_statement(each) for each in statements)


def read_statement(statement: object) -> Statement:
    """Read one statement. Raises `MalformedPolicy`."""
    if not isinstance(statement, dict):
        raise MalformedPolicy(f"a Statement is no object: {statement!r}")
    effect = statement.get("Effect")
    if effect not in {"Allow", "Deny"}:
        raise MalformedPolicy(f"Effect is Allow or Deny, not {effect!r}")
    actions, but_actions = read_patterns(statement, "Action")
    resources, but_resources = read_patterns(statement, "Resource")
    return Statement(
        effect == "Allow", actions, resources, but_actions, but_resources, bool(statement.get("Condition"))
    )


def read_patterns(statement: dict[str, Any], name: str) -> tuple[tuple[str, ...], bool]:
    """Give `Action` or `Resource`, or all but what their `Not…` has. Raises `MalformedPolicy`."""
    key = name if name in statement else f"Not{name}"
    value = statement.get(key)
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, list) or not patterns or not all(isinstance(each, str) for each in patterns):
        raise MalformedPolicy(f"{name} is text or a list of text, not {value!r}")
    return tuple(patterns), key != name


def judge(policy: tuple[Statement, ...], arn: str) -> str:
    """Say what a policy says of an ARN: `ALLOWED`, `DENIED` or `UNMENTIONED`.

    Conditions are not looked at: what has one denies as if it held, and allows as if it did not.
    """
    found = UNMENTIONED
    for statement in policy:
        if not statement.is_of(arn):
            continue
        if not statement.allows:
            return DENIED
        if not statement.has_condition:
            found = ALLOWED
    return found


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` (any characters, none too) and `?` (one) is of a text."""
    parts = ["".join("." if each == "?" else re.escape(each) for each in part) for part in pattern.split("*")]
    if len(parts) == 1:
        return re.fullmatch(parts[0], text, re.DOTALL) is not None
    # Each part where it first fits, for good: to try them all can take for ever.
    first, *between, last = parts
    expression = first + "".join(f"(?>.*?{part})" for part in between) + ".*" + last
    return re.fullmatch(expression, text, re.DOTALL) is not None
