"""Attempts at queued events: when one is due it is an invocation; in the end a destination is told."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

from aioric_emulator.asynchronous import EventQueue
from aioric_emulator.calls import new_attempt, new_event, refuse_payload
from aioric_emulator.event_caller import EventCaller
from aioric_emulator.results import InvokeRejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.asynchronous import QueuedEvent
    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.messages import Invocation, Outcome

__all__ = ["EventAttempts"]


class EventAttempts:
    """The asynchronous invocations of one function.

    `submit` hands an attempt to the service; `be_awake_at` is told when there is something to do.
    """

    def __init__(
        self,
        configuration: FunctionConfiguration,
        submit: Callable[[Invocation], None],
        be_awake_at: Callable[[float], None],
    ) -> None:
        self._configuration = configuration
        self._clock = configuration.clock
        self._submit = submit
        self._be_awake_at = be_awake_at
        self._queue = EventQueue(configuration.events)

    @property
    def next_deadline(self) -> float:
        """When `attempt` has something to do, unless something else happens before."""
        return self._queue.next_deadline

    def enqueue(self, payload: object, facts: dict[str, str]) -> str:
        """Queue an event, and give its request id. Raises `InvokeRejectedError`."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        event = new_event(self._configuration, body, facts)
        rejection = refuse_payload(body, len(body), is_event=True)
        if rejection is not None:
            raise InvokeRejectedError(rejection)
        self._queue.accept(event, self._clock())
        self._be_awake_at(event.due_at)
        return event.request_id

    def attempt(self) -> None:
        """Invoke the function with each event that is due."""
        for event in self._queue.take_due(self._clock()):
            self._submit(new_attempt(self._configuration, EventCaller(self, event), event))

    def answered(self, event: QueuedEvent, outcome: Outcome) -> None:
        """Take note of how an attempt ended."""
        self._queue.answered(event, outcome, self._clock())
        self._settle()

    def refused(self, event: QueuedEvent) -> None:
        """Take note that there was no room for an attempt."""
        self._queue.refused(event, self._clock())
        self._settle()

    def _settle(self) -> None:
        for settled in self._queue.take_settled():
            try:
                self._configuration.destinations.send(settled, time.time())
            except Exception as error:  # noqa: BLE001 - a destination is the user's code, or their disk
                context = {"message": "A destination could not be sent its record", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
        self._be_awake_at(self._queue.next_deadline)
