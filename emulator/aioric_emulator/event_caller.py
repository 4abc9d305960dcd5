"""The queue of asynchronous invocations in the place of a caller: it is told how an attempt ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioric_emulator.asynchronous import QueuedEvent
    from aioric_emulator.event_attempts import EventAttempts
    from aioric_emulator.messages import Ending, Outcome, Rejection

__all__ = ["EventCaller"]


class EventCaller:
    """Who waits for one attempt at one event."""

    wants_logs = False

    def __init__(self, attempts: EventAttempts, event: QueuedEvent) -> None:
        self._attempts = attempts
        self._event = event
        self._outcome: Outcome | None = None

    def answered(self, outcome: Outcome) -> None:
        """Keep the outcome until the attempt is over."""
        self._outcome = outcome

    def finished(self, ending: Ending, max_memory: int) -> None:  # noqa: ARG002 - the figures are in the log
        """Tell the queue."""
        if self._outcome is not None:
            self._attempts.answered(self._event, self._outcome)

    def rejected(self, rejection: Rejection) -> None:  # noqa: ARG002 - whatever the reason, it is tried again
        """Tell the queue."""
        self._attempts.refused(self._event)

    def logged(self, line: str, *, is_platform: bool) -> None:
        """Nobody listens."""
