"""What an authorizer's function gave back: whom it let in, to what, and what it says of them. No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aioric_emulator.fronts.policies import ALLOWED, DENIED, MalformedPolicy, judge, read_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aioric_emulator.fronts.policies import Statement
    from aioric_emulator.messages import Outcome

__all__ = ["AuthorizerFault", "Verdict", "flatten", "read_policy_verdict", "read_simple_verdict"]


KINDS = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "a number",
    list: "a list",
    str: "text",
}


class AuthorizerFault(Exception):
    """What an authorizer gave is nothing that an API can go by; `status` is what its client gets."""

    def __init__(self, reason: str, status: int = 500) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Verdict:
    """A result that can be kept. Without a policy it is the same for everything that is asked for."""

    policy: tuple[Statement, ...] = ()
    answer: str = ""
    principal_id: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)

    def of(self, arn: str) -> str:
        """Say what it means for an ARN: `ALLOWED`, `DENIED` or `UNMENTIONED`."""
        return self.answer or judge(self.policy, arn)


def read_object(outcome: Outcome, unauthorized: int = 500) -> dict[str, Any]:
    """Give the object that a function gave back. Raises `AuthorizerFault`.

    `unauthorized` is the status for a function that failed with "Unauthorized" and nothing else: to REST APIs
    it means something. https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
    """
    try:
        value = json.loads(outcome.body, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        if not outcome.is_error:
            raise AuthorizerFault("what it gave back is not JSON") from None
        value = None
    if outcome.is_error:
        message = value.get("errorMessage") if isinstance(value, dict) else None
        raise AuthorizerFault(f"it failed: {message}", unauthorized if message == "Unauthorized" else 500)
    if not isinstance(value, dict):
        raise AuthorizerFault(f"what it gave back is {kind(value)}, and no object")
    if not isinstance(value.get("context"), dict | None):
        raise AuthorizerFault(f"context is {kind(value['context'])}, and no object")
    return value


def refuse_constant(name: str) -> None:
    """Raise `ValueError` for NaN and the infinities, which Python writes and JSON does not have."""
    raise ValueError(name)


def kind(value: object) -> str:
    """Say what a value is in JSON, and not which: it may be a secret."""
    return "null" if value is None else KINDS[type(value)]


def read_policy_verdict(outcome: Outcome, unauthorized: int = 500) -> Verdict:
    """Read a result with a policy; `unauthorized` is that of `read_object`. Raises `AuthorizerFault`."""
    value = read_object(outcome, unauthorized)
    if "isAuthorized" in value and "policyDocument" not in value:
        raise AuthorizerFault("it gave isAuthorized and no policyDocument: simple responses are not enabled")
    principal = value.get("principalId")
    if principal is None or principal == "":
        raise AuthorizerFault("it gave no principalId")
    if not isinstance(principal, str):
        raise AuthorizerFault(f"principalId is {kind(principal)}, and no text")
    try:
        policy = read_policy(value.get("policyDocument"))
    except MalformedPolicy as error:
        raise AuthorizerFault(str(error)) from None
    return Verdict(policy, "", principal, value.get("context") or {})


def read_simple_verdict(outcome: Outcome) -> Verdict:
    """Read a simple response. Raises `AuthorizerFault`."""
    value = read_object(outcome)
    if "isAuthorized" not in value:
        given = ", and a policyDocument" if "policyDocument" in value else ""
        raise AuthorizerFault(f"it gave no isAuthorized{given}: simple responses are enabled")
    if not isinstance(value["isAuthorized"], bool):
        raise AuthorizerFault(f"isAuthorized is {kind(value['isAuthorized'])}, and neither true nor false")
    answer = ALLOWED if value["isAuthorized"] else DENIED
    return Verdict(answer=answer, context=value.get("context") or {})


def flatten(context: Mapping[str, Any]) -> dict[str, str]:
    """Give a context as a REST API passes it on: all values as text. Raises `AuthorizerFault`."""
    flat = {}
    for name, value in context.items():
        if value is None:
            continue
        if not isinstance(value, str | int | float):
            raise AuthorizerFault(
                f"context: {name} is {kind(value)}; it can be text, a number, true or false"
            )
        flat[name] = value if isinstance(value, str) else json.dumps(value)
    return flat
