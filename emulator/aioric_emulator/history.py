"""The last invocations of all functions, as a person would look at them: event, answer, log, figures."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

from aioric_emulator.messages import Ending
from aioric_emulator.plain_invocation import MAX_PLAIN, PlainInvocation

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.messages import Invocation, Outcome
    from aioric_emulator.recording import Recorder

__all__ = ["History"]

# How many invocations are kept, and how much of each text.
MAX_ENTRIES = 200
MAX_TEXT = MAX_PLAIN
MAX_LINES = 500
MIB = 1024 * 1024


class Entry:
    """What is kept of one invocation; of its event and its answer the beginning, and how long they are."""

    # What most entries do not have yet when they are made is the class's.
    answer: bytes | None = None
    answer_size = 0
    state = "running"
    logs: list[str] | None = None
    ending: Ending | None = None
    max_memory = 0

    def __init__(self, function: str, environment: int, invocation: Invocation) -> None:
        self.request_id = invocation.request_id
        self.function = function
        self.environment = environment
        # One that was begun on the short way tells how it ended, if it did there.
        self._plain = invocation if isinstance(invocation, PlainInvocation) else None
        self.time = time.time() if self._plain is None else self._plain.time
        self.event = invocation.payload[:MAX_TEXT]
        self.event_size = len(invocation.payload)

    def catch_up(self) -> None:
        """Take over what has become of a plain invocation."""
        plain = self._plain
        if plain is None or plain.answer is None:
            return
        self._plain = None
        self.answer, self.answer_size = plain.answer, len(plain.answer)
        self.ending, self.max_memory = Ending(plain.duration), plain.environment.max_memory
        self.state = "done"

    def describe(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        self.catch_up()
        description: dict[str, Any] = {
            "id": self.request_id,
            "function": self.function,
            "environment": self.environment,
            "time": self.time,
            "event": shorten(self.event, self.event_size),
            # Only then can it be sent again.
            "is_whole": self.event_size <= MAX_TEXT,
            "state": self.state,
            "logs": self.logs or [],
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
        # Invocations that nobody saw begin, and the names of their functions: entries when somebody looks.
        self._noted: deque[tuple[str, PlainInvocation]] = deque(maxlen=MAX_ENTRIES)
        self._subscribers: list[Callable[[dict[str, Any]], None]] = []
        # Whether anybody is told of each change.
        self.is_watched = recorder is not None

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The invocations, the latest last."""
        self._settle()
        return [entry.describe() for entry in self._entries.values()]

    def subscribe(self, subscriber: Callable[[dict[str, Any]], None]) -> None:
        """Have each entry handed over whenever it changes."""
        self._subscribers.append(subscriber)
        self.is_watched = True

    def unsubscribe(self, subscriber: Callable[[dict[str, Any]], None]) -> None:
        """Forget a subscriber."""
        self._subscribers.remove(subscriber)
        self.is_watched = bool(self._subscribers) or self._recorder is not None

    def began(self, function: str, environment: int, invocation: Invocation) -> None:
        """An invocation has begun, perhaps again."""
        self._settle()
        self._begin(function, environment, invocation)

    def note(self, function: str, invocation: PlainInvocation) -> None:
        """An invocation has begun that nobody watches. It may end without a further word."""
        self._noted.append((function, invocation))

    def _settle(self) -> None:
        while self._noted:
            function, invocation = self._noted.popleft()
            self._begin(function, invocation.number, invocation)

    def _begin(self, function: str, environment: int, invocation: Invocation) -> None:
        request_id, entries = invocation.request_id, self._entries
        entries.pop(request_id, None)
        entry = entries[request_id] = Entry(function, environment, invocation)
        if len(entries) > MAX_ENTRIES:
            entries.popitem(last=False)
        if self._subscribers:
            self._tell(entry)

    def logged(self, invocation: Invocation | None, line: str) -> None:
        """A line was logged; one that belongs to no invocation is left out."""
        entry = None if invocation is None else self._find(invocation)
        if entry is None:
            return
        if entry.logs is None:
            entry.logs = []
        if len(entry.logs) < MAX_LINES:
            entry.logs.append(line[:MAX_TEXT])

    def answered(self, invocation: Invocation, outcome: Outcome) -> None:
        """The caller has its answer."""
        entry = self._find(invocation)
        if entry is not None:
            entry.answer, entry.answer_size = outcome.body[:MAX_TEXT], len(outcome.body)
            entry.state = "failed" if outcome.is_error else "answered"
            self._tell(entry)
            if self._recorder is not None:
                self._recorder.answered(entry.function, invocation, outcome)

    def finished(self, invocation: Invocation, ending: Ending, max_memory: int) -> None:
        """The runtime is done with it; `max_memory` is in bytes."""
        entry = self._find(invocation)
        if entry is not None:
            entry.ending, entry.max_memory = ending, max_memory
            if entry.state == "answered":
                entry.state = "done"
            self._tell(entry)

    def _find(self, invocation: Invocation) -> Entry | None:
        self._settle()
        return self._entries.get(invocation.request_id)

    def _tell(self, entry: Entry) -> None:
        for subscriber in list(self._subscribers):
            subscriber(entry.describe())


def shorten(body: bytes, size: int) -> str:
    """Give the text of a payload's beginning; `size` is that of all of it, in bytes."""
    text = body[:MAX_TEXT].decode("utf-8", "replace")
    return text if size <= MAX_TEXT else f"{text}… ({size} bytes)"
