"""What a caller gets when the function's own answer is missing: the platform's error shapes."""

from __future__ import annotations

import base64
import binascii
import json
import signal
from dataclasses import dataclass

from aioric_emulator.messages import MAX_PAYLOAD, Outcome, RuntimeAnswer

__all__ = [
    "Failure",
    "exited",
    "extension_crashed",
    "extension_failed",
    "extension_not_launched",
    "killed",
    "not_launched",
    "out_of_memory",
    "oversized",
    "read_outcome",
    "reported",
    "restore_timed_out",
    "timed_out",
    "truncated",
    "unreachable",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer from the function, and what the caller and the REPORT line say about it."""

    error_type: str
    message: str
    status: str = "error"
    # What the runtime itself reported, which then stands in the place of ours.
    body: bytes | None = None

    def outcome(self, request_id: str) -> Outcome:
        """Give the caller's view, which names the request where the platform does."""
        if self.body is not None:
            return Outcome(self.body, is_error=True)
        message = self.message.replace("{request_id}", request_id)
        payload = json.dumps(
            {"errorType": self.error_type, "errorMessage": message}, ensure_ascii=False, separators=(",", ":")
        )
        return Outcome(payload.encode(errors="surrogateescape"), is_error=True)


def timed_out(timeout: float) -> Failure:
    """The function's own limit has passed; `timeout` is in seconds."""
    message = f"RequestId: {{request_id}} Error: Task timed out after {timeout:.2f} seconds"
    return Failure("Sandbox.Timedout", message, status="timeout")


def restore_timed_out(limit: float) -> Failure:
    """What the function does after a restore took longer than it may; `limit` is in seconds."""
    message = f"RequestId: {{request_id}} Error: Restore hooks timed out after {limit:.2f} seconds"
    return Failure("Runtime.RestoreHookUserTimeout", message, status="timeout")


def exited(status: int) -> Failure:
    """The runtime's process ended; a negative status is the signal that ended it."""
    if status == 0:
        reason = "Runtime exited without providing a reason"
    elif status > 0:
        reason = f"Runtime exited with error: exit status {status}"
    else:
        reason = f"Runtime exited with error: signal: {signal_text(-status)}"
    return Failure("Runtime.ExitError", f"RequestId: {{request_id}} Error: {reason}")


def not_launched(detail: str) -> Failure:
    """The runtime's command could not be started."""
    return Failure("Runtime.InvalidEntrypoint", f"RequestId: {{request_id}} Error: {detail}")


def killed() -> Failure:
    """The platform itself ended the environment."""
    return exited(-signal.SIGKILL)


def out_of_memory() -> Failure:
    """The environment used more memory than its function has."""
    return Failure("Runtime.OutOfMemory", killed().message)


def signal_text(number: int) -> str:
    """Give a signal's text as the platform prints it: `killed`, `segmentation fault`."""
    try:
        return (signal.strsignal(number) or f"signal {number}").lower()
    except ValueError:
        return f"signal {number}"


def unreachable() -> Failure:
    """The lane's connection was gone before the event could be written to it."""
    message = "RequestId: {request_id} Error: Runtime closed the connection it had polled on"
    return Failure("Runtime.Unknown", message)


def extension_failed(error_type: str, detail: str) -> Failure:
    """An extension reported that it cannot go on (`Extension.InitError` or `Extension.ExitError`)."""
    return Failure(error_type, f"RequestId: {{request_id}} Error: {detail}")


def extension_crashed(status: int) -> Failure:
    """An external extension's process ended by itself; a negative status is the signal that ended it."""
    detail = f"exit status {status}" if status > 0 else "exit code 0"
    if status < 0:
        detail = f"signal: {signal_text(-status)}"
    return extension_failed("Extension.Crash", detail)


def extension_not_launched(detail: str) -> Failure:
    """An external extension could not be started."""
    return extension_failed("Extension.LaunchError", detail)


def reported(error_type: str, body: bytes) -> Failure:
    """The runtime reported this itself, at `/init/error`."""
    return Failure(error_type or "Runtime.Unknown", "", body=body)


def truncated() -> Failure:
    """The runtime's connection broke off within its response."""
    message = "RequestId: {request_id} Error: Runtime response was truncated"
    return Failure("Runtime.TruncatedResponse", message)


def oversized(size: int, limit: int = MAX_PAYLOAD) -> Failure:
    """The response has more bytes than its caller can be given."""
    message = f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({limit} bytes)."
    return Failure("Function.ResponseSizeTooLarge", message)


def read_outcome(answer: RuntimeAnswer) -> Outcome:
    """Read a response for a buffered caller. A non-empty error type in the trailers makes it an error.

    The trailer's body is standard base64; where it cannot be decoded, the type is kept and the details
    are dropped. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
    """
    if not answer.trailer_error_type:
        return Outcome(answer.body, answer.content_type)
    try:
        details = base64.b64decode(answer.trailer_error_body.encode(), validate=True)
    except (binascii.Error, ValueError):
        details = b""
    if not details:
        details = json.dumps({"errorType": answer.trailer_error_type}).encode()
    return Outcome(details, is_error=True)
