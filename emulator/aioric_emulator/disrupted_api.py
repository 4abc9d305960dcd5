"""How trouble gets to where it is made: which event meets which disruption, and a Runtime API that makes it.

Only functions of tests have it (see `Emulator.disrupt`), and those that are debugged; for others nothing here
is ever called.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from aioric_emulator import decisions
from aioric_emulator.calls import new_id
from aioric_emulator.disruptions import Delivery, Disruption, Duplicate, Refuse
from aioric_emulator.memory_limit import GuardedRuntimeApi
from aioric_emulator.runtime_api import INVOCATION, NEXT, read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Answer, Caller, Ending, Invocation, Outcome, Rejection

__all__ = ["DisruptedRuntimeApi", "Disruptions"]


class Plan:
    """What one event meets.

    Raises `ValueError` for two troubles where there can be one, and `TypeError` for what is none.
    """

    def __init__(self, disruptions: Sequence[Disruption] = ()) -> None:
        self._changes = disruptions
        self.is_repeated = any(isinstance(each, Duplicate) for each in disruptions)
        self.deliveries: dict[str, Delivery] = {}
        for each in disruptions:
            if not isinstance(each, Disruption):
                raise TypeError(f"{each!r} is no trouble; aioric_emulator.disruptions has what is")
            if not isinstance(each, Delivery):
                continue
            if each.at in self.deliveries:
                raise ValueError(f"{each} and {self.deliveries[each.at]} are at the same place: give one")
            self.deliveries[each.at] = each

    def change(self, event: Answer) -> Answer:
        """Give the event as it leaves."""
        for each in self._changes:
            event = each.change(event)
        return event


class Disruptions:
    """What is planned for the next events of a function, and for those that are running."""

    def __init__(self) -> None:
        self._waiting: deque[Plan] = deque()
        # By request id, from the event's departure to the end of its invocation.
        self._running: dict[str, Plan] = {}
        # Requests whose answers are to meet trouble.
        self._disrupted: dict[HttpExchange, Delivery] = {}
        self._finish: Callable[[decisions.Finish], None]
        self._submit: Callable[[Invocation], None]

    def plan(self, *disruptions: Disruption) -> None:
        """Have the next event that nothing is planned for meet all of these. Raises `ValueError`."""
        self._waiting.append(Plan(disruptions))

    @property
    def are_planned(self) -> bool:
        """Whether there is trouble for anything to come, or in progress."""
        return bool(self._waiting or self._running or self._disrupted)

    def join(self, deeds: dict[type, Callable[[Any], None]], submit: Callable[[Invocation], None]) -> None:
        """Take part in what is done for a function: its answers to runtimes, and the end of invocations."""
        self._finish, self._submit = deeds[decisions.Finish], submit
        deeds[decisions.Reply] = self._reply
        deeds[decisions.Finish] = self._finished

    def take(self, exchange: HttpExchange) -> Delivery | None:
        """Give the trouble that what a runtime posts is to meet, once."""
        if not self._running or exchange.method != "POST":
            return None
        request_id, _, kind = read_path(exchange.target).removeprefix(INVOCATION).rpartition("/")
        plan = self._running.get(unquote(request_id, errors="surrogateescape"))
        if plan is None or kind not in {"response", "error"}:
            return None
        return plan.deliveries.pop("response", None)

    def disrupt(self, exchange: HttpExchange, delivery: Delivery) -> None:
        """Have the answer to this request meet trouble."""
        self._disrupted[exchange] = delivery

    def _reply(self, decision: decisions.Reply) -> None:
        exchange, answer = cast("HttpExchange", decision.exchange), decision.answer
        delivery = self._disrupted.pop(exchange, None)
        if answer.status == 200 and read_path(exchange.target) == NEXT:  # noqa: PLR2004 - an event
            answer, delivery = self._depart(answer)
        if delivery is None:
            exchange.reply(answer)
        else:
            delivery.send(exchange, answer)

    def _depart(self, event: Answer) -> tuple[Answer, Delivery | None]:
        # An event that leaves once more, after a poll that was cut, has met its trouble.
        request_id = dict(event.headers)["Lambda-Runtime-Aws-Request-Id"]
        if request_id in self._running or not self._waiting:
            return event, None
        plan = self._running[request_id] = self._waiting.popleft()
        return plan.change(event), plan.deliveries.pop("next", None)

    def _finished(self, decision: decisions.Finish) -> None:
        invocation = decision.invocation
        plan = self._running.pop(invocation.request_id, None)
        if plan is not None and plan.is_repeated:
            # The second attempt is not to be taken for the event after this one.
            self._running[invocation.request_id] = Plan()
            invocation.caller = OneOfTwo(
                invocation.caller, partial(self._repeat, invocation, invocation.caller)
            )
        self._finish(decision)

    def _repeat(self, first: Invocation, caller: Caller, ending: Ending, max_memory: int) -> None:
        again = replace(
            first,
            # Whatever the second attempt comes to, the caller is told of the first.
            caller=OneOfTwo(caller, lambda *_: caller.finished(ending, max_memory)),
            invocation_id=new_id() if first.invocation_id else "",
            started_at=None,
            deadline=float("inf"),
            is_answered=False,
            wants_cold=False,
        )
        self._submit(again)


class OneOfTwo:
    """Stands for the caller at one of two attempts, from when the first has been answered.

    The caller gets the lines of both, but not the second answer. `over` is called at the attempt's end, with
    its figures if there are any.
    """

    def __init__(self, caller: Caller, over: Callable[..., None]) -> None:
        self._caller = caller
        self._over = over
        self.wants_logs = caller.wants_logs

    def answered(self, outcome: Outcome) -> None:
        """Drop the second answer."""

    def finished(self, ending: Ending, max_memory: int) -> None:
        """Go on."""
        self._over(ending, max_memory)

    def rejected(self, rejection: Rejection) -> None:  # noqa: ARG002 - nobody is told
        """Go on where there was no room for the second."""
        self._over()

    def logged(self, line: str, *, is_platform: bool) -> None:
        """Pass the line on."""
        self._caller.logged(line, is_platform=is_platform)


class DisruptedRuntimeApi(GuardedRuntimeApi):
    """A Runtime API that makes the trouble which is planned for what a runtime posts."""

    def __init__(self, *facts: Any, check: Callable[[], None], disruptions: Disruptions) -> None:
        super().__init__(*facts, check=check)
        self._disruptions = disruptions

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request."""
        delivery = self._disruptions.take(exchange)
        if delivery is None:
            super().handle(exchange)
        elif not isinstance(delivery, Refuse):
            self._disruptions.disrupt(exchange, delivery)
            super().handle(exchange)
        elif delivery.status == 413:  # noqa: PLR2004 - the service's own decision, over what it takes for true
            exchange.size = 1 + max(each.response_limit for each in self._environment.running())
            super().handle(exchange)
        elif delivery.status == 400:  # noqa: PLR2004 - likewise
            exchange.is_truncated = True
            super().handle(exchange)
        else:
            exchange.reply(delivery.answer)
