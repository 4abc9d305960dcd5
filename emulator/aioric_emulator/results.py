"""What an invocation gives back to a test or a program: the answer, its log lines, and its report."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from aioric_emulator.messages import Ending, Outcome, Rejection

__all__ = ["InvokeRejectedError", "InvokeResult", "PendingResult", "Report"]

MIB = 1024 * 1024
SHOWN = 80  # bytes of an answer in a message


class InvokeRejectedError(Exception):
    """No environment took the call: throttled, or too large, or not to be read.

    `error_type` is the exception's name in the Lambda API, `status` its HTTP status.
    """

    def __init__(self, rejection: Rejection) -> None:
        super().__init__(f"{rejection.error_type}: {rejection.message}")
        self.error_type = rejection.error_type
        self.status = rejection.status


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of the REPORT line. Durations are in milliseconds, memory in MB.

    `init_ms` is None for all but an environment's first invocation. `status` is `success`, `error` or
    `timeout`, as the platform sees it: a function that raises has worked.
    """

    duration_ms: float
    max_memory_mb: float
    init_ms: float | None = None
    status: str = "success"
    error_type: str = ""


@dataclass(frozen=True, slots=True)
class InvokeResult:
    """The answer to one invocation. `status` is the HTTP status, `function_error` is `Unhandled` or None."""

    request_id: str
    raw: bytes
    content_type: str
    function_error: str | None
    report: Report
    logs: list[str] = field(default_factory=list)
    status: int = 200

    @property
    def payload(self) -> Any:
        """The answer, decoded from JSON. Raises `ValueError` where it is none: `raw` has its bytes."""
        try:
            return json.loads(self.raw)
        except ValueError as error:
            began = self.raw[:SHOWN]
            message = f"the answer ({self.content_type}) is no JSON, so take its bytes, `raw`: {began!r}"
            raise ValueError(message) from error


class PendingResult:
    """A caller within this process, which waits until the invocation is over."""

    wants_logs = True

    def __init__(self) -> None:
        self._over = anyio.Event()
        self._outcome: Outcome | None = None
        self._rejection: Rejection | None = None
        self._report: Report | None = None
        self._logs: list[str] = []

    def answered(self, outcome: Outcome) -> None:
        """Keep the answer."""
        self._outcome = outcome

    def finished(self, ending: Ending, max_memory: int) -> None:
        """Keep the figures, and let `wait` return."""
        init = None if ending.init_duration is None else ending.init_duration * 1000
        memory = max_memory / MIB
        self._report = Report(ending.duration * 1000, memory, init, ending.status, ending.error_type)
        self._over.set()

    def rejected(self, rejection: Rejection) -> None:
        """Let `wait` raise."""
        self._rejection = rejection
        self._over.set()

    def logged(self, line: str, *, is_platform: bool) -> None:
        """Keep what the function itself wrote."""
        if not is_platform:
            self._logs.append(line)

    async def wait(self, request_id: str) -> InvokeResult:
        """Give the result, or raise `InvokeRejectedError`."""
        await self._over.wait()
        if self._outcome is None or self._report is None:
            assert self._rejection is not None  # noqa: S101 - the only other way to be over
            raise InvokeRejectedError(self._rejection)
        outcome = self._outcome
        error = "Unhandled" if outcome.is_error else None
        return InvokeResult(request_id, outcome.body, outcome.content_type, error, self._report, self._logs)
