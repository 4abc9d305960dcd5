"""Handlers that look at the context, and at what comes with it."""

import os
import time


def attributes(event, context):
    return {name: getattr(context, name) for name in sorted(vars(context)) if _shown(context, name)}


def _shown(context, name):
    # One underscore is ours to choose; libraries read this one all the same.
    return not name.startswith("_") and not hasattr(getattr(context, name), "__slots__")


def client(event, context):
    found = context.client_context
    if found is None:
        return None
    inner = found.client
    return {
        "repr": repr(found),
        "custom": found.custom,
        "env": found.env,
        "client": inner and {name: getattr(inner, name) for name in sorted(inner.__slots__)},
        "w3c": context.w3c(),
        "has": [hasattr(found, "w3c"), hasattr(found, "services")],
    }


def identity(event, context):
    found = context.identity
    return [repr(found), found.cognito_identity_id, found.cognito_identity_pool_id]


def w3c(event, context):
    before = context.w3c()
    before["mine"] = 1
    return [before, context.w3c(), context.client_context is None or repr(context.client_context)]


def remaining(event, context):
    left = context.get_remaining_time_in_millis()
    return [type(left).__name__, left > 0, left == 0, context._epoch_deadline_time_in_ms]


def remaining_shrinks(event, context):
    first = context.get_remaining_time_in_millis()
    deadline = time.monotonic() + 10
    while context.get_remaining_time_in_millis() == first and time.monotonic() < deadline:
        time.sleep(0.001)
    return context.get_remaining_time_in_millis() < first


def trace(event, context):
    return [os.environ.get("_X_AMZN_TRACE_ID"), "_X_AMZN_TRACE_ID" in os.environ]


def log(event, context):
    context.log("plain")
    context.log("with newline\n")
    context.log("é ✓\n")
    context.log({"a": 1})
    context.log(None)
    context.log("")
    context.log("\n")


def assign(event, context):
    context.extra = 1
    context.aws_request_id = "mine"
    return [context.extra, context.aws_request_id, repr(context)]


def types(event, context):
    return [
        type(context).__name__,
        type(context.identity).__name__,
        type(context.memory_limit_in_mb).__name__,
    ]


def environment(event, context):
    kept = ("AWS_LAMBDA_", "LAMBDA_", "_LAMBDA", "AWS_EXEC", "_HANDLER", "AWS_REGION")
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(kept) and "API" not in name
    }


def request_id(event, context):
    return [context.aws_request_id, context.invoked_function_arn, context.tenant_id]


def representation(event, context):
    return [repr(context), str(context)]


LOOKS = {
    "attributes": attributes,
    "client": client,
    "identity": identity,
    "w3c": w3c,
    "remaining": remaining,
    "remaining-shrinks": remaining_shrinks,
    "trace": trace,
    "log": log,
    "assign": assign,
    "types": types,
    "environment": environment,
    "request-id": request_id,
    "repr": representation,
}


class CASES:
    """`look/what is sent`: the part before the slash says what is looked at."""

    def __class_getitem__(cls, name):
        return LOOKS[name.partition("~")[0]]
