"""Events of `Event` invocations on their way to a function: the queue, its retries, its end. No I/O.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aioric_emulator.messages import Outcome

__all__ = ["EventPolicy", "EventQueue", "QueuedEvent", "Settled"]

# What comes back because there was no room for it waits this long at first and at last, in seconds.
FIRST_THROTTLE = 1.0
LAST_THROTTLE = 300.0


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """How often and for how long an event is tried. Times are in seconds.

    The defaults are the platform's: a second attempt after one minute, a third after two more.
    """

    max_retries: int = 2
    max_age: float = 6 * 3600.0
    retry_delay: float = 60.0


@dataclass(slots=True, eq=False)
class QueuedEvent:
    """One event that was accepted, and how its attempts went. `facts` are those of its invocation."""

    request_id: str
    payload: bytes
    function_arn: str
    facts: dict[str, str] = field(default_factory=dict)
    accepted_at: float = 0.0
    due_at: float = 0.0
    failures: int = 0
    throttles: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """An event that is over: `condition` is `Success`, `RetriesExhausted` or `EventAgeExceeded`."""

    event: QueuedEvent
    condition: str
    outcome: Outcome | None

    @property
    def is_success(self) -> bool:
        """Whether the function has worked in the end."""
        return self.condition == "Success"

    def record(self, time: float) -> dict[str, Any]:
        """Give the record that a destination is sent, at a time in seconds since the epoch.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        event, outcome = self.event, self.outcome
        stamp = datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        request: dict[str, Any] = {"requestId": event.request_id, "functionArn": event.function_arn}
        request["condition"] = self.condition
        request["approximateInvokeCount"] = event.failures + self.is_success
        record: dict[str, Any] = {"version": "1.0", "timestamp": stamp, "requestContext": request}
        record["requestPayload"] = read_json(event.payload)
        if outcome is not None:
            response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
            if outcome.is_error:
                response["functionError"] = "Unhandled"
            record["responseContext"] = response
            record["responsePayload"] = read_json(outcome.body)
        return record


def read_json(body: bytes) -> Any:
    """Give what JSON text says; where it is none, the text."""
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


class EventQueue:
    """The events that wait for an attempt, or for the end of one."""

    def __init__(self, policy: EventPolicy) -> None:
        self._policy = policy
        self._waiting: list[QueuedEvent] = []
        self._settled: list[Settled] = []

    def accept(self, event: QueuedEvent, now: float) -> None:
        """Take an event; its first attempt is due at once."""
        event.accepted_at = event.due_at = now
        self._waiting.append(event)

    @property
    def next_deadline(self) -> float:
        """When `take_due` has something to give."""
        return min((event.due_at for event in self._waiting), default=float("inf"))

    def take_due(self, now: float) -> list[QueuedEvent]:
        """Give the events whose attempt is due, in the order in which they were due."""
        due = sorted((each for each in self._waiting if each.due_at <= now), key=lambda each: each.due_at)
        self._waiting = [each for each in self._waiting if each.due_at > now]
        return due

    def take_settled(self) -> list[Settled]:
        """Give the events that are over since the last time."""
        settled, self._settled = self._settled, []
        return settled

    def answered(self, event: QueuedEvent, outcome: Outcome, now: float) -> None:
        """Take an attempt's outcome. An error is tried again, as often as the policy says."""
        if not outcome.is_error:
            self._settled.append(Settled(event, "Success", outcome))
            return
        event.failures += 1
        if event.failures > self._policy.max_retries:
            self._settled.append(Settled(event, "RetriesExhausted", outcome))
            return
        self._retry(event, now + self._policy.retry_delay * event.failures, outcome)

    def refused(self, event: QueuedEvent, now: float) -> None:
        """Put an event back that found no room; that is not one of its attempts."""
        delay = min(FIRST_THROTTLE * 2**event.throttles, LAST_THROTTLE)
        event.throttles += 1
        self._retry(event, now + delay, None)

    def _retry(self, event: QueuedEvent, due_at: float, outcome: Outcome | None) -> None:
        if due_at > event.accepted_at + self._policy.max_age:
            self._settled.append(Settled(event, "EventAgeExceeded", outcome))
            return
        event.due_at = due_at
        self._waiting.append(event)
