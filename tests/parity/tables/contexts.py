"""What the headers of an event say, and what the handler's context makes of it."""

# ruff: noqa: E501 - a case is a row

from __future__ import annotations

from tests.parity.running import Case

CLIENT = "Lambda-Runtime-Client-Context"
COGNITO = "Lambda-Runtime-Cognito-Identity"
TRACE = "Lambda-Runtime-Trace-Id"
DEADLINE = "Lambda-Runtime-Deadline-Ms"
ARN = "Lambda-Runtime-Invoked-Function-Arn"
TENANT = "Lambda-Runtime-Aws-Tenant-Id"
ATTEMPT = "Lambda-Runtime-Invocation-Id"

# Client contexts, as the platform passes them on: raw JSON.
CLIENTS: dict[str, str | None] = {
    "full": '{"client": {"installation_id": "i", "app_title": "t", "app_version_name": "n", "app_version_code": "c",'
    ' "app_package_name": "p", "more": 1}, "custom": {"a": [1]}, "env": {"locale": "de"}, "services": {}}',
    "partial": '{"client": {"app_title": "t"}}',
    "custom-only": '{"custom": {"k": "v"}}',
    "empty-object": "{}",
    "client-empty": '{"client": {}}',
    "client-null": '{"client": null, "custom": null, "env": null}',
    "client-list": '{"client": []}',
    "client-string": '{"client": "x"}',
    "client-number": '{"client": 7}',
    "null": "null",
    "list": "[]",
    "string": '"x"',
    "number": "7",
    "false": "false",
    "zero": "0",
    "empty-string": '""',
    "not-json": "{nope",
    "nan": '{"custom": NaN}',
    "base64": "eyJjdXN0b20iOiB7fX0=",
    "escaped": '{"custom": {"e": "\\u00e9"}}',
    "absent": None,
    "blank": "",
}

W3C: dict[str, str] = {
    "full": '{"traceparent": "00-a-b-01", "tracestate": "x=y", "baggage": "k=v", "other": "dropped"}',
    "partial": '{"traceparent": "00-a-b-01"}',
    "no-strings": '{"traceparent": 7, "tracestate": null, "baggage": ["x"]}',
    "empty": "{}",
    "null": "null",
    "list": "[]",
    "string": '"00-a-b-01"',
}

IDENTITIES: dict[str, str | None] = {
    "full": '{"cognitoIdentityId": "i", "cognitoIdentityPoolId": "p"}',
    "partial": '{"cognitoIdentityId": "i"}',
    "empty-object": "{}",
    "null": "null",
    "list": "[]",
    "string": '"x"',
    "not-json": "nope",
    "absent": None,
    "blank": "",
    "other-keys": '{"cognito_identity_id": "i"}',
}

# X-Ray's header goes to the environment as it is.
TRACES: dict[str, str | None] = {
    "sampled": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
    "lineage": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0;Lineage=a:1|b:2",
    "nonsense": "nonsense",
    "absent": None,
    "blank": "",
}

DEADLINES: dict[str, str | None] = {"far": "4102444800000", "past": "1", "absent": None, "zero": "0"}


def look(what: str, name: str, headers: dict[str, str | None], payload: bytes = b"{}") -> Case:
    """The handler looks at one thing, whatever the name after the tilde."""
    return Case("contexts", f"{what}~{name}", payload, headers)


CASES = [
    *(look("client", name, {CLIENT: sent}) for name, sent in CLIENTS.items()),
    *(look("w3c", name, {CLIENT: f'{{"w3c": {sent}, "custom": 1}}'}) for name, sent in W3C.items()),
    look("w3c", "absent", {}),
    look("w3c", "custom-named-w3c", {CLIENT: '{"custom": {"w3c": {"traceparent": "x"}}}'}),
    *(look("identity", name, {COGNITO: sent}) for name, sent in IDENTITIES.items()),
    *(look("trace", name, {TRACE: sent}) for name, sent in TRACES.items()),
    *(look("remaining", name, {DEADLINE: sent}) for name, sent in DEADLINES.items()),
    look("remaining-shrinks", "", {}),
    look("attributes", "plain", {}),
    look("attributes", "tenant", {TENANT: "blue"}),
    look("attributes", "tenant-blank", {TENANT: ""}),
    look("request-id", "arn-absent", {ARN: None}),
    look("request-id", "arn-blank", {ARN: ""}),
    look("request-id", "arn-alias", {ARN: "arn:aws:lambda:eu-west-1:123456789012:function:f:live"}),
    look("request-id", "attempt", {ATTEMPT: "0f7c-1"}),
    look("request-id", "attempt-blank", {ATTEMPT: ""}),
    look("request-id", "attempt-and-context-error", {ATTEMPT: "0f7c-2", CLIENT: "{nope"}),
    look("repr", "plain", {}),
    look("repr", "full", {CLIENT: CLIENTS["full"], COGNITO: IDENTITIES["full"], TENANT: "blue"}),
    look("types", "", {CLIENT: CLIENTS["full"]}),
    look("assign", "", {}),
    look("log", "", {}),
    look("environment", "", {}),
    look("client", "and-bad-event", {CLIENT: "{nope"}, b"not json either"),
]
