"""Authorizers asked: their functions are invoked, results kept for a time, and requests go on or not."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from aioric_emulator.calls import new_invocation
from aioric_emulator.fronts.verdicts import AuthorizerFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.fronts.front import Call, Question
    from aioric_emulator.fronts.request import Facts
    from aioric_emulator.fronts.verdicts import Verdict
    from aioric_emulator.hosted_function import HostedFunction
    from aioric_emulator.messages import Answer, Ending, Outcome, Rejection

__all__ = ["Asking"]

# How many results are kept at most, of one front: each is some hundred bytes, or what a policy takes.
MOST_KEPT = 1000


class Asking:
    """The authorizers of one front. `go_on` is given what follows when one has let a request through."""

    def __init__(
        self,
        functions: Mapping[str, HostedFunction],
        go_on: Callable[[HttpExchange, Call | Answer, Facts], None],
    ) -> None:
        self._functions = functions
        self._go_on = go_on
        # Results by authorizer and identity, the latest last: until when, and of which code.
        self._kept: dict[tuple[str, ...], tuple[Verdict, float, int]] = {}

    def ask(self, exchange: HttpExchange, question: Question, facts: Facts) -> None:
        """Have the request go on, now or when the function has answered."""
        function = self._functions[question.authorizer.function]
        if question.missing:
            self._refuse(exchange, question, AuthorizerFault(question.missing, 401))
            return
        kept = self._kept.get(question.key)
        if kept is not None and kept[1] > time.monotonic() and kept[2] == function.renewals:
            self._decide(exchange, question, facts, kept[0], None)
            return

        # By the code that is asked: if it changes meanwhile, its answer is not kept for the new one's.
        renewals = function.renewals

        def heard(outcome: Outcome, seconds: float) -> None:
            try:
                verdict = question.read(outcome)
            except AuthorizerFault as fault:
                self._refuse(exchange, question, fault)
                return
            self._keep(question, verdict, renewals)
            self._decide(exchange, question, facts, verdict, int(seconds * 1000))

        call = AuthorizerCall(heard, lambda why: self._refuse(exchange, question, AuthorizerFault(why)))
        event = json.dumps(question.event).encode()
        invocation = new_invocation(function.configuration, call, event, trace_id=facts.trace_id)
        if function.configuration.debugger is None:
            call.start(question.timeout)
        function.submit(invocation)

    def _keep(self, question: Question, verdict: Verdict, renewals: int) -> None:
        if not question.key:
            return
        self._kept.pop(question.key, None)
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[question.key] = verdict, time.monotonic() + question.authorizer.ttl, renewals

    def _decide(
        self, exchange: HttpExchange, question: Question, facts: Facts, verdict: Verdict, latency: int | None
    ) -> None:
        """Go by a result that was waited for, for some milliseconds, or that was kept."""
        answer, reason = question.refuse(verdict)
        if answer is not None:
            # What is kept was often said of another path.
            hint = f"; this result is kept for {question.authorizer.ttl:g} s" if latency is None else ""
            self._tell(question, answer.status, reason + hint)
            exchange.reply(answer)
            return
        self._go_on(exchange, question.proceed(verdict, latency or 0), facts)

    def _refuse(self, exchange: HttpExchange, question: Question, fault: AuthorizerFault) -> None:
        answer = question.fault(fault.status)
        self._tell(question, answer.status, str(fault))
        exchange.reply(answer)

    def _tell(self, question: Question, status: int, reason: str) -> None:
        name = question.authorizer.name
        function = self._functions[question.authorizer.function]
        function.warn(f"HTTP {status} to the client, by the authorizer {name}: {reason}")


class AuthorizerCall:
    """Who waits for an authorizer's function: `heard` is given its answer, or `failed` why there is none."""

    wants_logs = False

    def __init__(self, heard: Callable[[Outcome, float], None], failed: Callable[[str], None]) -> None:
        self._heard = heard
        self._failed = failed
        self._began = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    def start(self, timeout: float) -> None:
        """Begin to wait, for so many seconds."""
        late = f"it took longer than {timeout:g} s"
        self._timer = asyncio.get_running_loop().call_later(timeout, self._fail, late)

    def answered(self, outcome: Outcome) -> None:
        """Hand the answer on when the environment that gave it is free again, maybe for the request."""
        if self._end():
            loop = asyncio.get_running_loop()
            loop.call_soon(self._heard, outcome, time.monotonic() - self._began)

    def rejected(self, rejection: Rejection) -> None:
        """Hand on why there is none."""
        self._fail(rejection.message)

    def finished(self, ending: Ending, max_memory: int) -> None:
        """The answer was all that there was to wait for."""

    def logged(self, line: str, *, is_platform: bool) -> None:
        """Nobody reads the log over HTTP."""

    def _fail(self, why: str) -> None:
        if self._end():
            self._failed(why)

    def _end(self) -> bool:
        if self._is_over:
            return False
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
        return True
