"""Requests to an API that ask an authorizer first: its event, and what becomes of its answer. No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aioric_emulator.answers import JSON
from aioric_emulator.fronts.authorizers import TOKEN, Sources
from aioric_emulator.fronts.front import Call, Question
from aioric_emulator.fronts.payloads import group
from aioric_emulator.fronts.policies import ALLOWED, DENIED
from aioric_emulator.fronts.verdicts import flatten, read_policy_verdict, read_simple_verdict
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.request import Facts, Request
    from aioric_emulator.fronts.verdicts import Verdict
    from aioric_emulator.messages import Outcome

__all__ = ["guard_http_api", "guard_rest_api"]

# How long an API waits for an authorizer, in seconds: of HTTP APIs by their quotas, of REST APIs as for all.
HTTP_TIMEOUT = 10.0
REST_TIMEOUT = 29.0
# What of a request to a function an authorizer is not told, by format.
BODY = ("version", "body", "isBase64Encoded")
LISTS = ("multiValueHeaders", "multiValueQueryStringParameters")
DENIAL = "User is not authorized to access this resource"
REFUSALS = {
    401: ("UnauthorizedException", b'{"message":"Unauthorized"}'),
    500: ("AuthorizerConfigurationException", b'{"message":null}'),
}


def guard_rest_api(
    authorizer: Authorizer,
    request: Request,
    facts: Facts,
    event: dict[str, Any],
    then: Call | Answer,
    dress: Callable[[Answer], Answer],
) -> Question:
    """Give the question that comes before what is done `then`; `event` is the one that its function gets."""
    context = event["requestContext"]
    arn = find_arn(context, facts, event["path"])
    fields = {name.lower(): value for name, value in request.fields}
    sources = Sources(fields, dict(request.pairs()), event["stageVariables"] or {}, context)
    values = [sources.find(each) for each in authorizer.identity]
    asked: dict[str, Any] = {"type": authorizer.kind, "methodArn": arn}
    if authorizer.kind == TOKEN:
        asked["authorizationToken"] = values[0]
    else:
        asked |= {name: value for name, value in event.items() if name not in BODY}

    def refuse(verdict: Verdict) -> tuple[Answer | None, str]:
        found = verdict.of(arn)
        if found == ALLOWED:
            return None, ""
        text = f"{DENIAL} with an explicit deny" if found == DENIED else DENIAL
        kind = ("x-amzn-ErrorType", "AccessDeniedException")
        return dress(Answer(403, (JSON, kind), b'{"Message":"%b"}' % text.encode())), explain(
            verdict, found, arn
        )

    def proceed(verdict: Verdict, latency: int) -> Call | Answer:
        known = {"principalId": verdict.principal_id, **flatten(verdict.context)}
        context["authorizer"] = {**known, "integrationLatency": latency}
        return then

    def fault(status: int) -> Answer:
        kind, body = REFUSALS[status]
        return dress(Answer(status, (JSON, ("x-amzn-ErrorType", kind)), body))

    def read(outcome: Outcome) -> Verdict:
        verdict = read_policy_verdict(outcome, unauthorized=401)
        flatten(verdict.context)  # what cannot be passed on is the authorizer's fault
        return verdict

    return Question(
        authorizer, asked, authorizer.missing(sources), find_key(authorizer, values), REST_TIMEOUT,
        read, refuse, proceed, fault,
    )  # fmt: skip


def guard_http_api(
    authorizer: Authorizer,
    request: Request,
    facts: Facts,
    event: dict[str, Any],
    context: dict[str, Any],
    call: Call,
    fault: Callable[[int], Answer],
) -> Question:
    """Give the question that comes before a call; `event` is in the authorizer's format.

    `context` has the names of context variables, which are those of format 1.0.
    """
    arn = find_arn(context, facts, context["path"].removeprefix(f"/{context['stage']}"))
    headers = {name: ",".join(values) for name, values in group(request.headers(facts)).items()}
    query = {name: ",".join(values) for name, values in group(request.pairs()).items()}
    sources = Sources(headers, query, event.get("stageVariables") or {}, context)
    values = [sources.find(each) for each in authorizer.identity]
    if authorizer.payload_format == "1.0":
        joined = ",".join(values) or None
        asked: dict[str, Any] = {"methodArn": arn, "identitySource": joined, "authorizationToken": joined}
        left_out = {*BODY, *LISTS}
    else:
        asked = {"routeArn": arn, "identitySource": values or None}
        left_out = {*BODY}
    event = {name: value for name, value in event.items() if name not in left_out}
    event["requestContext"].pop("authorizer", None)
    asked = {"version": authorizer.payload_format, "type": "REQUEST", **asked, **event}

    def refuse(verdict: Verdict) -> tuple[Answer | None, str]:
        found = verdict.of(arn)
        return (None, "") if found == ALLOWED else (fault(403), explain(verdict, found, arn))

    def proceed(verdict: Verdict, _latency: int) -> Call:
        known = dict(verdict.context)
        if call.event["version"] == "1.0":
            principal = {"principalId": verdict.principal_id} if verdict.principal_id else {}
            call.event["requestContext"]["authorizer"] = {**principal, **known}
        else:
            call.event["requestContext"]["authorizer"] = {"lambda": known or None}
        return call

    read = read_simple_verdict if authorizer.is_simple else read_policy_verdict
    return Question(
        authorizer, asked, authorizer.missing(sources), find_key(authorizer, values), HTTP_TIMEOUT,
        read, refuse, proceed, fault,
    )  # fmt: skip


def find_arn(context: dict[str, Any], facts: Facts, path: str) -> str:
    """Give the ARN of what is asked for, which policies are about."""
    place = f"arn:aws:execute-api:{facts.region}:{facts.account_id}:{context['apiId']}"
    return f"{place}/{context['stage']}/{context['httpMethod']}/{path.removeprefix('/')}"


def find_key(authorizer: Authorizer, values: list[str]) -> tuple[str, ...]:
    """Give by what a result is kept: the authorizer and its identity sources; nothing where none is."""
    return (authorizer.name, *values) if authorizer.ttl and values else ()


def explain(verdict: Verdict, found: str, arn: str) -> str:
    """Say for the log why a caller was not let in."""
    unread = any(each.has_condition for each in verdict.policy)
    hint = " (conditions are not looked at: they let nobody in)" if unread else ""
    return (f"it denies {arn}" if found == DENIED else f"its policy does not allow {arn}") + hint
