"""The last invocations of all functions, as a person would look at them: event, answer, log, figures."""

from __future__ import annotations

import time
from collections import OrderedDict
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


class History:
    """Keeps invocations, and tells subscribers of every change. An entry is ready to be made JSON of.

    `recorder` is given each invocation whole when it is answered.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self._recorder = recorder
        self._entries: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._subscribers: list[Callable[[dict[str, Any]], None]] = []

    @property
    def entries(self) -> list[dict[str, Any]]:
        """The invocations, the latest last."""
        return list(self._entries.values())

    def subscribe(self, subscriber: Callable[[dict[str, Any]], None]) -> None:
        """Have each entry handed over whenever it changes."""
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Callable[[dict[str, Any]], None]) -> None:
        """Forget a subscriber."""
        self._subscribers.remove(subscriber)

    def began(self, function: str, environment: int, invocation: Invocation) -> None:
        """An invocation has begun, perhaps again."""
        entry: dict[str, Any] = {
            "id": invocation.request_id,
            "function": function,
            "environment": environment,
            "time": time.time(),
            "event": shorten(invocation.payload),
            "is_whole": len(invocation.payload) <= MAX_TEXT,
            "state": "running",
            "logs": [],
        }
        self._entries.pop(invocation.request_id, None)
        self._entries[invocation.request_id] = entry
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)
        self._tell(entry)

    def logged(self, invocation: Invocation | None, line: str) -> None:
        """A line was logged; one that belongs to no invocation is left out."""
        entry = None if invocation is None else self._entries.get(invocation.request_id)
        if entry is not None and len(entry["logs"]) < MAX_LINES:
            entry["logs"].append(line[:MAX_TEXT])

    def answered(self, invocation: Invocation, outcome: Outcome) -> None:
        """The caller has its answer."""
        entry = self._entries.get(invocation.request_id)
        if entry is not None:
            entry["answer"] = shorten(outcome.body)
            entry["state"] = "failed" if outcome.is_error else "answered"
            self._tell(entry)
            if self._recorder is not None:
                self._recorder.answered(entry["function"], invocation, outcome)

    def finished(self, invocation: Invocation, ending: Ending, max_memory: int) -> None:
        """The runtime is done with it; `max_memory` is in bytes."""
        entry = self._entries.get(invocation.request_id)
        if entry is not None:
            entry["duration_ms"] = round(ending.duration * 1000, 2)
            entry["init_ms"] = None if ending.init_duration is None else round(ending.init_duration * 1000, 2)
            entry["memory_mb"] = round(max_memory / MIB, 1)
            if entry["state"] == "answered":
                entry["state"] = "done"
            self._tell(entry)

    def _tell(self, entry: dict[str, Any]) -> None:
        for subscriber in list(self._subscribers):
            subscriber(entry)


def shorten(body: bytes) -> str:
    """Give a payload's text, of which a person sees the beginning."""
    text = body[:MAX_TEXT].decode("utf-8", "replace")
    return text if len(body) <= MAX_TEXT else f"{text}… ({len(body)} bytes)"
