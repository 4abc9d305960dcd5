"""`InvokeWithResponseStream`: an answer to the AWS SDKs while it is made.

https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from aioric_emulator.event_stream import invoke_complete, payload_chunks
from aioric_emulator.messages import Answer
from aioric_emulator.streamed_call import StreamedCall, error_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Invocation, Outcome, Rejection
    from aioric_emulator.relay import Bandwidth

__all__ = ["EventStreamCall"]

# The bytes of the log that a caller may see.
MAX_TAIL = 4096


class EventStreamCall(StreamedCall):
    """A caller of `InvokeWithResponseStream`. `refuse` gives the answer to a call that is rejected."""

    def __init__(
        self,
        exchange: HttpExchange,
        refuse: Callable[[Rejection, str], Answer],
        bandwidth: Bandwidth | None = None,
    ) -> None:
        super().__init__(exchange, bandwidth)
        self.invocation: Invocation
        self.wants_logs = exchange.headers.get("x-amz-log-type") == "Tail"
        self._refuse = refuse
        self._lines: list[str] = []

    def rejected(self, rejection: Rejection) -> None:
        """Send the error."""
        self._exchange.reply(self._refuse(rejection, self.invocation.request_id))

    def logged(self, line: str, *, is_platform: bool) -> None:  # noqa: ARG002 - the tail has all lines
        """Keep a line for the tail."""
        if self.wants_logs:
            self._lines.append(line)

    def begin(self, content_type: str) -> None:  # noqa: ARG002 - the SDKs are not told
        """Send the head."""
        headers = [("Content-Type", "application/vnd.amazon.eventstream")]
        headers.append(("X-Amz-Executed-Version", "$LATEST"))
        headers.append(("X-Amzn-RequestId", self.invocation.request_id))
        headers.append(("X-Amzn-Trace-Id", self.invocation.trace_id))
        self._exchange.begin(Answer(200, tuple(headers)))

    def piece(self, data: bytes) -> bool:
        """Send a `PayloadChunk`."""
        return self._exchange.write(payload_chunks(data))

    def complete(self, outcome: Outcome, *, was_relayed: bool) -> None:
        """Send `InvokeComplete`."""
        if not was_relayed:
            self.begin("")
            if not outcome.is_error:
                self.piece(outcome.body)
        code, details = error_facts(outcome) if outcome.is_error else ("", "")
        tail = "".join(f"{line}\n" for line in self._lines).encode()[-MAX_TAIL:]
        self._exchange.write(invoke_complete(code, details, base64.b64encode(tail).decode()))
        self._exchange.finish()
