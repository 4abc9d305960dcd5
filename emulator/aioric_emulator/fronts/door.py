"""The way from a front's sockets to its functions."""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from aioric_emulator.calls import new_id, new_invocation, new_trace_id
from aioric_emulator.fronts.calls import BufferedHttpCall, StreamedHttpCall, explain_rejection
from aioric_emulator.fronts.front import Question
from aioric_emulator.fronts.request import Facts, read_request
from aioric_emulator.messages import MAX_PAYLOAD, Answer, Rejection
from aioric_emulator.relay import MAX_STREAM, Bandwidth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.fronts.asking import Asking
    from aioric_emulator.fronts.front import Call, Front
    from aioric_emulator.hosted_function import HostedFunction

__all__ = ["HttpDoor"]


class HttpDoor:
    """The application on a front's own port."""

    # The connection is to keep headers as they came, with their repetitions.
    keeps_fields = True

    def __init__(self, front: Front, functions: Mapping[str, HostedFunction]) -> None:
        self._front = front
        self._functions = functions
        self._authorizers: Asking | None = None

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request."""
        request = read_request(exchange)
        if exchange.is_truncated or request is None:
            exchange.reply(self._front.fault(400))
            return
        if exchange.size > self._front.max_body:
            exchange.reply(self._front.fault(413))
            return
        configuration = next(iter(self._functions.values())).configuration
        trace_id = request.header("x-amzn-trace-id") or new_trace_id()
        facts = Facts(new_id(), trace_id, time.time(), configuration.account_id, configuration.region)
        decided = self._front.receive(request, facts)
        if isinstance(decided, Question):
            self._asking().ask(exchange, decided, facts)
        else:
            self._go_on(exchange, decided, facts)

    def disconnected(self, exchange: HttpExchange) -> bool:  # noqa: ARG002 - it makes no difference whose it is
        """Let the function go on: a client that leaves does not stop it, and may still be listening."""
        return True

    def translate_fault(self, answer: Answer) -> Answer:
        """Give this front's answer in place of the connection's own."""
        return self._front.fault(answer.status)

    def _asking(self) -> Asking:
        if self._authorizers is None:
            from aioric_emulator.fronts.asking import Asking  # noqa: PLC0415 - few fronts ask anybody

            self._authorizers = Asking(self._functions, self._go_on)
        return self._authorizers

    def _go_on(self, exchange: HttpExchange, decided: Call | Answer, facts: Facts) -> None:
        if isinstance(decided, Answer):
            exchange.reply(decided)
        else:
            self._call(exchange, decided, facts, exchange.size)

    def _call(self, exchange: HttpExchange, call: Call, facts: Facts, size: int) -> None:
        function = self._functions[call.function]
        event = json.dumps(call.event).encode()
        if max(len(event), size) > MAX_PAYLOAD:
            message = f"Request must be smaller than {MAX_PAYLOAD} bytes for the InvokeFunction operation"
            rejection = Rejection(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE.value, "RequestTooLargeException", message
            )
            answer = call.refuse(rejection)
            function.warn(explain_rejection(answer.status, rejection))
            exchange.reply(call.dress(answer))
            return
        if call.streams:
            bandwidth = Bandwidth() if function.configuration.has_real_bandwidth else None
            streamed = StreamedHttpCall(exchange, self._front, call, function.warn, bandwidth)
            invocation = new_invocation(function.configuration, streamed, event, trace_id=facts.trace_id)
            invocation.response_limit = MAX_STREAM
        else:
            buffered = BufferedHttpCall(exchange, self._front, call, function.warn)
            invocation = new_invocation(function.configuration, buffered, event, trace_id=facts.trace_id)
            if function.configuration.debugger is None:
                buffered.start()
        function.submit(invocation)
