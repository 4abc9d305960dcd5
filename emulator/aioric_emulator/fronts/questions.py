"""Requests of which an authorizer is asked first: its event, and what becomes of its answer. No I/O.

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

__all__ = ["HttpQuestion", "RestQuestion"]

# What of a request to a function an authorizer is not told, by format.
BODY = frozenset({"version", "body", "isBase64Encoded"})
LISTS = frozenset({"multiValueHeaders", "multiValueQueryStringParameters"})
DENIAL = "User is not authorized to access this resource"
REFUSALS = {
    401: ("UnauthorizedException", b'{"message":"Unauthorized"}'),
    500: ("AuthorizerConfigurationException", b'{"message":null}'),
}


class RestQuestion(Question):
    """A request to a REST API; `event` is the one that its function gets, if that is what is done `then`."""

    timeout = 29.0  # as long as it waits for anything

    def __init__(
        self,
        authorizer: Authorizer,
        request: Request,
        facts: Facts,
        event: dict[str, Any],
        then: Call | Answer,
        dress: Callable[[Answer], Answer],
    ) -> None:
        self._context = event["requestContext"]
        self._then = then
        self._dress = dress
        self._arn = find_arn(self._context, facts, event["path"])
        fields = {name.lower(): value for name, value in request.fields}
        sources = Sources(fields, dict(request.pairs()), event["stageVariables"] or {}, self._context)
        asked = {"type": authorizer.kind, "methodArn": self._arn}
        if authorizer.kind == TOKEN:
            asked["authorizationToken"] = sources.find(authorizer.identity[0])
        else:
            asked |= {name: value for name, value in event.items() if name not in BODY}
        super().__init__(authorizer, sources, asked)

    def read(self, outcome: Outcome) -> Verdict:
        """Read a result with a policy, and a context that can be passed on."""
        verdict = read_policy_verdict(outcome, unauthorized=401)
        flatten(verdict.context)
        return verdict

    def refuse(self, verdict: Verdict) -> tuple[Answer | None, str]:
        """Tell a client whether the policy denies what it asked for, or does not mention it."""
        found = verdict.of(self._arn)
        if found == ALLOWED:
            return None, ""
        text = f"{DENIAL} with an explicit deny" if found == DENIED else DENIAL
        kind = ("x-amzn-ErrorType", "AccessDeniedException")
        answer = Answer(403, (JSON, kind), b'{"Message":"%b"}' % text.encode())
        return self._dress(answer), explain(verdict, found, self._arn)

    def proceed(self, verdict: Verdict, latency: int) -> Call | Answer:
        """Have the function know all as text, and how long it took."""
        known = {"principalId": verdict.principal_id, **flatten(verdict.context)}
        self._context["authorizer"] = {**known, "integrationLatency": latency}
        return self._then

    def fault(self, status: int) -> Answer:
        """Give the API's own answer to a request without an identity, or to an authorizer's fault."""
        kind, body = REFUSALS[status]
        return self._dress(Answer(status, (JSON, ("x-amzn-ErrorType", kind)), body))


class HttpQuestion(Question):
    """A request to an HTTP API; `event` is in the authorizer's format.

    `context` has the names of context variables, which are those of format 1.0. `fault` is the API's.
    """

    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    timeout = 10.0

    def __init__(
        self,
        authorizer: Authorizer,
        request: Request,
        facts: Facts,
        event: dict[str, Any],
        context: dict[str, Any],
        call: Call,
        fault: Callable[[int], Answer],
    ) -> None:
        self._call = call
        self._fault = fault
        self._arn = find_arn(context, facts, context["path"].removeprefix(f"/{context['stage']}"))
        headers = {name: ",".join(values) for name, values in group(request.headers(facts)).items()}
        query = {name: ",".join(values) for name, values in group(request.pairs()).items()}
        sources = Sources(headers, query, event.get("stageVariables") or {}, context)
        values = sources.find_all(authorizer.identity)
        asked: dict[str, Any]
        if authorizer.payload_format == "1.0":
            joined = ",".join(values) or None
            asked = {"methodArn": self._arn, "identitySource": joined, "authorizationToken": joined}
            left_out = BODY | LISTS
        else:
            asked = {"routeArn": self._arn, "identitySource": values or None}
            left_out = BODY
        event["requestContext"].pop("authorizer", None)
        told = {name: value for name, value in event.items() if name not in left_out}
        kind = {"version": authorizer.payload_format, "type": "REQUEST"}
        super().__init__(authorizer, sources, {**kind, **asked, **told})

    def read(self, outcome: Outcome) -> Verdict:
        """Read a result of the authorizer's kind."""
        return read_simple_verdict(outcome) if self.authorizer.is_simple else read_policy_verdict(outcome)

    def refuse(self, verdict: Verdict) -> tuple[Answer | None, str]:
        """Tell a client nothing but that it is not let in."""
        found = verdict.of(self._arn)
        return (None, "") if found == ALLOWED else (self._fault(403), explain(verdict, found, self._arn))

    def proceed(self, verdict: Verdict, latency: int) -> Call:  # noqa: ARG002 - which HTTP APIs do not tell
        """Have the function know the context as it is, where its format has it."""
        known = dict(verdict.context)
        context = self._call.event["requestContext"]
        if self._call.event["version"] == "1.0":
            principal = {"principalId": verdict.principal_id} if verdict.principal_id else {}
            context["authorizer"] = {**principal, **known}
        else:
            context["authorizer"] = {"lambda": known or None}
        return self._call

    def fault(self, status: int) -> Answer:
        """Give the API's own answer to a request without an identity, or to an authorizer's fault."""
        return self._fault(status)


def find_arn(context: dict[str, Any], facts: Facts, path: str) -> str:
    """Give the ARN of what is asked for, which policies are about."""
    place = f"arn:aws:execute-api:{facts.region}:{facts.account_id}:{context['apiId']}"
    return f"{place}/{context['stage']}/{context['httpMethod']}/{path.removeprefix('/')}"


def explain(verdict: Verdict, found: str, arn: str) -> str:
    """Say for the log why a caller was not let in."""
    unread = any(each.has_condition for each in verdict.policy)
    hint = " (conditions are not looked at: they let nobody in)" if unread else ""
    return (f"it denies {arn}" if found == DENIED else f"its policy does not allow {arn}") + hint
