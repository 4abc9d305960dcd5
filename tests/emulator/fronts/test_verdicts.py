"""What authorizers give back, taken apart: results, and what is none."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from aioric_emulator.fronts.policies import ALLOWED, DENIED
from aioric_emulator.fronts.verdicts import (
    AuthorizerFault,
    flatten,
    read_policy_verdict,
    read_simple_verdict,
)
from aioric_emulator.messages import Outcome

POLICY = {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}]}


def outcome(value: Any, *, is_error: bool = False) -> Outcome:
    """Give what a function posted."""
    return Outcome(value if isinstance(value, bytes) else json.dumps(value).encode(), is_error=is_error)


def test_results_are_read() -> None:
    """A policy with a principal, or a plain yes or no; a context is optional with either."""
    verdict = read_policy_verdict(outcome({"principalId": "ada", "policyDocument": POLICY}))
    assert (verdict.of("arn"), verdict.principal_id, verdict.context) == (ALLOWED, "ada", {})
    simple = read_simple_verdict(outcome({"isAuthorized": True, "context": {"roles": ["a"]}}))
    assert (simple.of("arn"), simple.context) == (ALLOWED, {"roles": ["a"]})
    assert read_simple_verdict(outcome({"isAuthorized": False, "context": None})).of("arn") == DENIED


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"no JSON", "what it gave back is not JSON"),
        (b'{"context": {"level": NaN}}', "what it gave back is not JSON"),
        (b"[" * 100_000, "what it gave back is not JSON"),
        (None, "what it gave back is null, and no object"),
        ("Allow", "what it gave back is text, and no object"),
        ([], "what it gave back is a list, and no object"),
        ({"policyDocument": POLICY}, "it gave no principalId"),
        ({"principalId": 1, "policyDocument": POLICY}, "principalId is a number, and no text"),
        ({"principalId": "", "policyDocument": POLICY}, "it gave no principalId"),
        ({"principalId": "a", "policyDocument": {}}, "policyDocument has no Statement"),
        ({"principalId": "a", "policyDocument": POLICY, "context": []}, "context is a list, and no object"),
        ({"isAuthorized": True}, "no policyDocument: simple responses are not enabled"),
    ],
)
def test_what_is_no_result_is_told(value: Any, message: str) -> None:
    """For the log; the client gets a 500."""
    with pytest.raises(AuthorizerFault, match=re.escape(message)) as raised:
        read_policy_verdict(outcome(value))
    assert raised.value.status == 500


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"isAuthorized": "true"}, "isAuthorized is text, and neither true nor false"),
        ({"isAuthorized": 1}, "isAuthorized is a number, and neither true nor false"),
        ({"isAuthorized": None}, "isAuthorized is null, and neither true nor false"),
        ({}, "it gave no isAuthorized: simple responses are enabled"),
        (
            {"principalId": "a", "policyDocument": POLICY},
            "no isAuthorized, and a policyDocument: simple responses",
        ),
    ],
)
def test_a_simple_response_says_yes_or_no(value: Any, message: str) -> None:
    """Nothing that only means one, and no policy."""
    with pytest.raises(AuthorizerFault, match=re.escape(message)):
        read_simple_verdict(outcome(value))


@pytest.mark.parametrize(("message", "status"), [("Unauthorized", 401), ("unauthorized", 500), (None, 500)])
def test_one_error_means_something(message: str | None, status: int) -> None:
    """To a REST API, by that very word; to an HTTP API all are failures."""
    failed = outcome({"errorMessage": message, "errorType": "Exception"}, is_error=True)
    with pytest.raises(AuthorizerFault) as raised:
        read_policy_verdict(failed, unauthorized=401)
    assert raised.value.status == status
    for body in (failed, outcome(b"no JSON", is_error=True)):
        with pytest.raises(AuthorizerFault, match="it failed: ") as raised:
            read_policy_verdict(body)
        assert raised.value.status == 500


def test_a_flat_context_is_text() -> None:
    """Numbers and booleans as JSON has them, without what is null; anything deeper is refused."""
    flat = flatten({"a": "x", "b": 1, "c": True, "d": 1.5, "e": None})
    assert flat == {"a": "x", "b": "1", "c": "true", "d": "1.5"}
    with pytest.raises(
        AuthorizerFault, match="context: roles is a list; it can be text, a number, true or false"
    ):
        flatten({"roles": []})
