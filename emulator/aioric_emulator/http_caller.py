"""Who waits for an invocation at the other end of a connection, and how `Invoke` answers."""

from __future__ import annotations

import base64
import json
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING

from aioric_emulator.answers import JSON
from aioric_emulator.messages import Answer

if TYPE_CHECKING:
    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Ending, Invocation, Outcome, Rejection

__all__ = ["HttpCaller", "error_answer"]

# The bytes of the log that a caller may see.
MAX_TAIL = 4096
# Names in which the service model spells its message with a capital.
CAPITAL = frozenset({"ResourceNotFoundException", "ServiceException"})


def error_answer(rejection: Rejection, request_id: str = "") -> Answer:
    """Give a rejection's answer in the service model's shape."""
    kind = rejection.error_type
    key = "Message" if kind in CAPITAL else "message"
    body: dict[str, str] = {"Type": "User", key: rejection.message}
    if rejection.reason:
        body["Reason"] = rejection.reason
    headers = [JSON]
    if request_id:
        headers.append(("X-Amzn-RequestId", request_id))
    headers.append(("x-amzn-ErrorType", kind))
    if rejection.status == HTTPStatus.TOO_MANY_REQUESTS:
        headers.append(("Retry-After", "1"))
    return Answer(rejection.status, tuple(headers), json.dumps(body).encode())


class HttpCaller:
    """A caller at the other end of a connection."""

    def __init__(self, exchange: HttpExchange, *, wants_logs: bool) -> None:
        self.wants_logs = wants_logs
        self.invocation: Invocation
        self.exchange = exchange
        self._outcome: Outcome | None = None
        self._lines: deque[str]
        if wants_logs:
            # A line has a byte at least, so that older ones cannot be within the tail.
            self._lines = deque(maxlen=MAX_TAIL)

    def answered(self, outcome: Outcome) -> None:
        """Send the answer; with the log's tail asked for, it has to wait for the REPORT line."""
        self._outcome = outcome
        if not self.wants_logs:
            self.exchange.reply(self.answer(outcome))

    def finished(self, ending: Ending, max_memory: int) -> None:  # noqa: ARG002 - the figures are in the log
        """Send an answer that had to wait."""
        if self.wants_logs and self._outcome is not None:
            self.exchange.reply(self.answer(self._outcome))

    def rejected(self, rejection: Rejection) -> None:
        """Send the error."""
        self.exchange.reply(error_answer(rejection, self.invocation.request_id))

    def logged(self, line: str, *, is_platform: bool) -> None:  # noqa: ARG002 - the tail has all lines
        """Keep a line for the tail."""
        if self.wants_logs:
            self._lines.append(line)

    def answer(self, outcome: Outcome) -> Answer:
        """Give an outcome as `Invoke` answers it."""
        headers = [("Content-Type", outcome.content_type or "application/json")]
        headers.append(("X-Amz-Executed-Version", "$LATEST"))
        if outcome.is_error:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        if self.wants_logs:
            tail = "".join(f"{line}\n" for line in self._lines).encode()[-MAX_TAIL:]
            headers.append(("X-Amz-Log-Result", base64.b64encode(tail).decode()))
        headers.append(("X-Amzn-RequestId", self.invocation.request_id))
        headers.append(("X-Amzn-Trace-Id", self.invocation.trace_id))
        return Answer(200, tuple(headers), outcome.body)
