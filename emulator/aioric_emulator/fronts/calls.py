"""HTTP clients who wait for a function behind a front: for the whole of its answer, or for its stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aioric_emulator.fronts.prelude import DELIMITER, ENDLESS, HTTP_INTEGRATION, MAX_PRELUDE, read_prelude
from aioric_emulator.fronts.proxy_answer import MalformedAnswer, RefusedAnswer
from aioric_emulator.messages import Answer
from aioric_emulator.streamed_call import StreamedCall

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.fronts.front import Call, Front
    from aioric_emulator.messages import Ending, Outcome, Rejection
    from aioric_emulator.relay import Bandwidth

__all__ = ["BufferedHttpCall", "StreamedHttpCall", "explain_rejection"]


STREAM = "; it is a stream, which only a Function URL passes on: see aioric.stream_to_buffer"


class BufferedHttpCall:
    """Who gets one whole answer. A front that has waited for long enough answers itself.

    `warn` is told, for the function's log, why the front answers in the function's place.
    """

    wants_logs = False

    def __init__(
        self, exchange: HttpExchange, front: Front, call: Call, warn: Callable[[str], object]
    ) -> None:
        self._warn = warn
        self._exchange = exchange
        self._front = front
        self._call = call
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    def start(self) -> None:
        """Begin to wait."""
        if self._call.timeout is not None:
            self._timer = asyncio.get_running_loop().call_later(self._call.timeout, self._time_out)

    def answered(self, outcome: Outcome) -> None:
        """Send the answer."""
        if self._is_over:
            return
        answer = self._call.read(outcome)
        if isinstance(answer, RefusedAnswer):
            stream = STREAM if outcome.content_type == HTTP_INTEGRATION else ""
            self._warn(explain(answer.status, answer.reason + stream))
        self._send(answer)

    def finished(self, ending: Ending, max_memory: int) -> None:
        """The client has its answer already."""

    def rejected(self, rejection: Rejection) -> None:
        """Send the error."""
        if not self._is_over:
            answer = self._call.refuse(rejection)
            self._warn(explain_rejection(answer.status, rejection))
            self._send(answer)

    def logged(self, line: str, *, is_platform: bool) -> None:
        """Nobody reads the log over HTTP."""

    def _time_out(self) -> None:
        # The function goes on; what it answers goes nowhere.
        answer = self._front.fault(504)
        late = f"the function took longer than {self._call.timeout:g} s"
        self._warn(f"HTTP {answer.status} to the client, since {late}")
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        self._exchange.reply(self._call.dress(answer))


class StreamedHttpCall(StreamedCall):
    """Who gets an answer while it is made, with status, headers and cookies from its prelude.

    `warn` is told, for the function's log, why the front answers in the function's place.
    """

    def __init__(
        self,
        exchange: HttpExchange,
        front: Front,
        call: Call,
        warn: Callable[[str], object],
        bandwidth: Bandwidth | None = None,
    ) -> None:
        super().__init__(exchange, bandwidth)
        self._warn = warn
        self._front = front
        self._call = call
        self._prelude: bytes | None = None
        self._broken = ""  # why the prelude is none

    def rejected(self, rejection: Rejection) -> None:
        """Send the error."""
        answer = self._call.refuse(rejection)
        self._warn(explain_rejection(answer.status, rejection))
        self._exchange.reply(self._call.dress(answer))

    def begin(self, content_type: str) -> None:
        """Send the head, unless the prelude has to come first."""
        if content_type == HTTP_INTEGRATION:
            self._prelude = b""
        else:
            self._exchange.begin(self._call.dress(Answer(200, (("Content-Type", content_type),))))

    def piece(self, data: bytes) -> bool:
        """Send a piece, or gather the prelude."""
        if self._broken:
            return True
        if self._prelude is None:
            return self._exchange.write(data)
        self._prelude += data
        text, delimiter, rest = self._prelude.partition(DELIMITER)
        if delimiter:
            return self._open(text, rest)
        if len(self._prelude) > MAX_PRELUDE:
            self._broken = ENDLESS
        return True

    def _open(self, text: bytes, rest: bytes) -> bool:
        try:
            head = read_prelude(text)
        except MalformedAnswer as why:
            self._broken = f"the prelude: {why}"
            return True
        self._prelude = None
        self._exchange.begin(self._call.dress(head))
        return self._exchange.write(rest)

    def complete(self, outcome: Outcome, *, was_relayed: bool) -> None:
        """Send the end. Of an error a client sees nothing but a stream that breaks off."""
        if not was_relayed and not outcome.is_error:
            self.begin(outcome.content_type or "application/octet-stream")
            self.piece(outcome.body)
        if not self._exchange.has_begun:
            fault = self._front.fault(502)
            if not outcome.is_error:
                self._warn(explain(fault.status, self._broken or ENDLESS))
            self._exchange.reply(self._call.dress(fault))
        elif outcome.is_error:
            self._exchange.abort()
        else:
            self._exchange.finish()


def explain(status: int, reason: str) -> str:
    """Give the line of the log that says why a client was answered by the front and not by the function."""
    return f"HTTP {status} to the client, since the function's answer cannot be sent: {reason}"


def explain_rejection(status: int, rejection: Rejection) -> str:
    """Give the line of the log that says why a client was answered without the function."""
    return f"HTTP {status} to the client, since the function was not invoked: {rejection.message}"
