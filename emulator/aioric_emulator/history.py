"""The last invocations of all functions, as a person would look at them: event, answer, log, figures."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.messages import Ending, Invocation, Outcome
    from aioric_emulator.recording import Recorder

__all__ = ["History"]

# How many invocations are kept, and how much of each text.
MAX_ENTRIES = 200
MAX_TEXT = 64 * 1024
MAX_LINES = 500
MIB = 1024 * 1024


@dataclass(slots=True)
class Entry:
    """What is kept of one invocation; of its event and its answer the beginning, and how long they are."""

    request_id: str
    function: str
    environment: int
    time: float
    event: bytes
    event_size: int
    answer: bytes | None = None
    answer_size: int = 0
    state: str = "running"
    logs: list[str] = field(default_factory=list)
    ending: Ending | None = None
    max_memory: int = 0

    def describe(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        description: dict[str, Any] = {
            "id": self.request_id,
            "function": self.function,
            "environment": self.environment,
            "time": self.time,
            "event": shorten(self.event, self.event_size),
            # Only then can it be sent again.
            "is_whole": self.event_size <= MAX_TEXT,
            "state": self.state,
            "logs": self.logs,
        }
        if self.answer is not None:
            description["answer"] = shorten(self.answer, self.answer_size)
        if self.ending is not None:
            init = self.ending.init_duration
            description["duration_ms"] = round(self.ending.duration * 1000, 2)
            description["init_ms"] = None if init is None else round(init * 1000, 2)
            description["memory_mb"] = round(self.max_memory / MIB, 1)
        return description


class History:
    """Keeps invocations, and tells subscribers of every change. What is told is ready to be made JSON of.

    It is made when somebody looks: most invocations are never looked at. `recorder` is given each invocation
    whole when it is answered.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder = recorder
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._subscribers: list[Callable[[dict[str, Any]], None]] = []

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The invocations, the latest last."""
        return [entry.describe() for entry in self._entries.values()]

    @property
    def is_watched(self) -> bool:
        """Whether anybody is told of each change."""
        return bool(self._subscribers) or self._recorder is not None

    def subscribe(self, subscriber: Callable[[dict[str, Any]], None]) -> None:
        """Have each entry handed over whenever it changes."""
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Callable[[dict[str, Any]], None]) -> None:
        """Forget a subscriber."""
        self._subscribers.remove(subscriber)

    def began(self, function: str, environment: int, invocation: Invocation) -> None:
        """An invocation has begun, perhaps again."""
        request_id, payload = invocation.request_id, invocation.payload
        entry = Entry(request_id, function, environment, time.time(), payload[:MAX_TEXT], len(payload))
        self._entries[request_id] = entry
        self._entries.move_to_end(request_id)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
        self._tell(entry)

    def logged(self, invocation: Invocation | None, line: str) -> None:
        """A line was logged; one that belongs to no invocation is left out."""
        entry = None if invocation is None else self._entries.get(invocation.request_id)
        if entry is not None and len(entry.logs) < MAX_LINES:
            entry.logs.append(line[:MAX_TEXT])

    def answered(self, invocation: Invocation, outcome: Outcome) -> None:
        """The caller has its answer."""
        entry = self._entries.get(invocation.request_id)
        if entry is not None:
            entry.answer, entry.answer_size = outcome.body[:MAX_TEXT], len(outcome.body)
            entry.state = "failed" if outcome.is_error else "answered"
            self._tell(entry)
            if self._recorder is not None:
                self._recorder.answered(entry.function, invocation, outcome)

    def finished(self, invocation: Invocation, ending: Ending, max_memory: int) -> None:
        """The runtime is done with it; `max_memory` is in bytes."""
        entry = self._entries.get(invocation.request_id)
        if entry is not None:
            entry.ending, entry.max_memory = ending, max_memory
            if entry.state == "answered":
                entry.state = "done"
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        for subscriber in list(self._subscribers) if self._subscribers else ():
            subscriber(entry.describe())


def shorten(body: bytes, size: int) -> str:
    """Give the text of a payload's beginning; `size` is that of all of it, in bytes."""
    text = body[:MAX_TEXT].decode("utf-8", "replace")
    return text if size <= MAX_TEXT else f"{text}… ({size} bytes)"
