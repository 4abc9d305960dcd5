"""The function that the suite has a Python runtime serve. Its events say what it does.

For a runtime of another language, write these handlers in it, and name their folder with `--functions`.
"""

from __future__ import annotations

import os
import sys
import time


def handler(event, context):
    """Do what the event says, and answer with it."""
    if not isinstance(event, dict):
        return {"kind": type(event).__name__}
    deed = event.get("do", "echo")
    if deed == "raise":
        raise ValueError(event["message"])
    if deed == "exit":
        sys.exit(event["status"])
    if deed == "sleep":
        time.sleep(event["seconds"])
    if deed == "log":
        os.write(1, (event["text"] + "\n").encode())
    if deed == "print":
        print(event["text"])
    if deed == "describe":
        return describe(context)
    if deed == "size":
        return {"size": len(event["text"])}
    return event


def describe(context):
    """Say what the context holds."""
    client = context.client_context
    return {
        "id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "remaining": context.get_remaining_time_in_millis(),
        "client": None if client is None else client.custom,
        "identity": context.identity.cognito_identity_id,
        "trace": os.environ.get("_X_AMZN_TRACE_ID"),
        "log_descriptor": os.environ.get("_LAMBDA_TELEMETRY_LOG_FD"),
    }


async def coroutine(event, context):
    """Answer as `handler` does, from a coroutine."""
    return handler(event, context)


def stream(event, context):
    """Yield pieces, and fail where the event says."""
    for number in range(event.get("pieces", 3)):
        if event.get("fails_before") == number:
            raise ValueError(event.get("message", "no"))
        yield f"piece {number}\n".encode() * event.get("times", 1)


async def async_stream(event, context):
    """Yield the same, asynchronously."""
    for piece in stream(event, context):
        yield piece
