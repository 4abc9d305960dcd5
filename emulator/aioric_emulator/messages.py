"""What the rooms of the emulator say to each other: invocations, outcomes, reports. No behaviour, no I/O.

What every invocation makes anew is not frozen: that would take three times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "MAX_PAYLOAD",
    "Answer",
    "Caller",
    "Ending",
    "Exchange",
    "Invocation",
    "Outcome",
    "Rejection",
    "RuntimeAnswer",
]

# 6 MiB and 100 bytes, for a request and for a buffered response alike. The 100 bytes are the platform's own.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_PAYLOAD = 6 * 1024 * 1024 + 100


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer: a status, headers in the order they are sent, and a body.

    `Content-Length` is not among the headers: the connection knows it.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class Exchange(Protocol):
    """A request that waits for its answer. The model keeps it and hands it back; it never writes."""

    def reply(self, answer: Answer) -> None:
        """Send the one answer of this exchange."""


@dataclass(slots=True)
class Outcome:
    """What the caller of `Invoke` gets: the function's answer, or an error in the function's place."""

    body: bytes
    content_type: str = "application/json"
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """A call that no environment took: the HTTP status, the service model's exception, and its text."""

    status: int
    error_type: str
    message: str
    reason: str = ""


@dataclass(slots=True)
class Ending:
    """How an invocation ended for the platform: the facts of its REPORT line. Times are in seconds."""

    duration: float
    status: str = "success"
    error_type: str = ""
    init_duration: float | None = None
    restore_duration: float | None = None


class Caller(Protocol):
    """Who waits for an invocation. The model carries it along; only the driver calls it."""

    wants_logs: bool

    def answered(self, outcome: Outcome) -> None:
        """The function's answer is there. The runtime may still be working (see `finished`)."""

    def finished(self, ending: Ending, max_memory: int) -> None:
        """The runtime is done with the invocation; `max_memory` is in bytes."""

    def rejected(self, rejection: Rejection) -> None:
        """No environment took the invocation; nothing else follows."""

    def logged(self, line: str, *, is_platform: bool) -> None:
        """One line of the log, without its newline, belongs to this invocation: for those who want logs.

        `is_platform`: the platform wrote it (START, END, REPORT), not the function.
        """


@dataclass(slots=True, eq=False)
class Invocation:
    """One attempt to have the function handle one event. Times are seconds on the caller's clock."""

    request_id: str
    payload: bytes
    timeout: float
    caller: Caller
    function_arn: str = ""
    content_type: str = "application/json"
    trace_id: str = ""
    client_context: str = ""
    cognito_identity: str = ""
    tenant_id: str = ""
    # One attempt's nonce; empty where the platform does not send it.
    invocation_id: str = ""
    arrived_at: float = 0.0
    started_at: float | None = None
    deadline: float = float("inf")
    # The deadline as the runtime is told it: milliseconds since the epoch.
    deadline_ms: int = 0
    is_answered: bool = False
    # In bytes; a stream may be larger.
    response_limit: int = MAX_PAYLOAD
    # The caller asks for a new environment.
    wants_cold: bool = False


@dataclass(slots=True)
class RuntimeAnswer:
    """What a runtime posted to `/response` or `/error`, as far as the model decides on it."""

    body: bytes
    size: int
    content_type: str = ""
    invocation_id: str = ""
    response_mode: str = ""
    error_type: str = ""
    trailer_error_type: str = ""
    trailer_error_body: str = ""
    is_truncated: bool = False
