"""The Runtime API's answers to a runtime: statuses and bodies to the byte, and events as `/next` sends them.

Bodies: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aioric_emulator.messages import MAX_PAYLOAD, Answer

if TYPE_CHECKING:
    from aioric_emulator.messages import Invocation

JSON = ("Content-Type", "application/json")
TEXT = ("Content-Type", "text/plain; charset=utf-8")


def error_answer(status: int, error_type: str, message: str) -> Answer:
    """Give the answer that reports an API error: keys in the platform's order, and its final newline."""
    body = json.dumps(
        {"errorMessage": message, "errorType": error_type}, ensure_ascii=False, separators=(",", ":")
    )
    return Answer(status, (JSON,), body.encode(errors="surrogateescape") + b"\n")


ACCEPTED = Answer(202, (JSON,), b'{"status":"OK"}\n')
PONG = Answer(200, (TEXT,), b"pong")
NOT_FOUND = Answer(404, (TEXT, ("X-Content-Type-Options", "nosniff")), b"404 page not found\n")
RESTORED = Answer(200)
INVALID_REQUEST_ID = error_answer(400, "InvalidRequestID", "Invalid request ID")
INVALID_RESPONSE_MODE = error_answer(400, "InvalidFunctionResponseMode", "Invalid function response mode")
TRUNCATED = error_answer(400, "TruncatedHTTPRequest", "HTTP request detected as truncated")
INVOKE_TIMEOUT = error_answer(410, "InvokeTimeout", "Invoke timeout")
TOO_LARGE = error_answer(
    413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
)
SUBSCRIBED = Answer(200, (JSON,), b'"OK"\n')
LOGS_NOT_SUPPORTED = error_answer(202, "Logs.NotSupported", "Logs API is not supported")
INTERNAL_ERROR = error_answer(500, "InternalServerError", "Internal Server Error")


def method_not_allowed(*allowed: str) -> Answer:
    """Give the answer to a known path with another method."""
    return Answer(405, (("Allow", ", ".join(allowed)),))


def invalid_transition(current: str, wanted: str) -> Answer:
    """Give the answer to a call that the runtime's state does not allow."""
    return error_answer(
        403,
        "InvalidStateTransition",
        f"State transition from {current} to {wanted} failed for runtime."
        " Error: State transition is not allowed",
    )


def event_answer(invocation: Invocation, *, sends_empty: bool) -> Answer:
    """Give the answer to `/next` that carries an invocation's event.

    `sends_empty`: Managed Instances send an absent trace id, client context or identity as an empty
    header where the classic engine omits it, so a runtime has to cope with both.
    """
    optional = (
        ("Lambda-Runtime-Aws-Tenant-Id", invocation.tenant_id, False),
        ("Lambda-Runtime-Client-Context", invocation.client_context, sends_empty),
        ("Lambda-Runtime-Cognito-Identity", invocation.cognito_identity, sends_empty),
        ("Lambda-Runtime-Invocation-Id", invocation.invocation_id, False),
        ("Lambda-Runtime-Trace-Id", invocation.trace_id, sends_empty),
    )
    headers = [
        ("Content-Type", invocation.content_type),
        ("Lambda-Runtime-Aws-Request-Id", invocation.request_id),
        ("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms)),
        ("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn),
    ]
    headers += [(name, value) for name, value, always in optional if value or always]
    return Answer(200, tuple(headers), invocation.payload)
