"""A caller that gets the answer while it is made: in this process, or at the other end of a connection."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from aioric_emulator.relay import Bandwidth, Relay

if TYPE_CHECKING:
    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Ending, Outcome, Rejection

__all__ = ["RelayedCall", "StreamedCall", "error_facts"]


class RelayedCall(ABC):
    """What the callers of streams have in common. The model carries it along as the invocation's caller."""

    wants_logs = False

    def __init__(self, bandwidth: Bandwidth | None = None) -> None:
        self._bandwidth = bandwidth
        self._relay: Relay | None = None
        self._outcome: Outcome | None = None

    def relay(self, source: HttpExchange) -> Relay:
        """Have what a runtime posts passed on from here."""
        self._relay = Relay(source, self, self._bandwidth)
        self._relay.open()
        return self._relay

    def answered(self, outcome: Outcome) -> None:
        """End the stream; with the log's tail asked for, that has to wait for the REPORT line."""
        self._outcome = outcome
        if not self.wants_logs:
            self._end()

    def finished(self, ending: Ending, max_memory: int) -> None:  # noqa: ARG002 - the figures are in the log
        """End a stream that had to wait."""
        if self.wants_logs:
            self._end()

    def logged(self, line: str, *, is_platform: bool) -> None:  # noqa: B027 - doing nothing is the usual
        """Nobody reads the log through a stream, unless it says so."""

    def _end(self) -> None:
        outcome, self._outcome = self._outcome, None
        if outcome is None:
            return
        was_relayed = self._relay is not None
        if self._relay is not None:
            self._relay.close()
        self.complete(outcome, was_relayed=was_relayed)

    def _room(self, has_room: bool) -> None:  # noqa: FBT001 - a callback's only argument
        if self._relay is not None and self._relay.is_open:
            self._relay.room(has_room=has_room)

    @abstractmethod
    def rejected(self, rejection: Rejection) -> None:
        """No environment took the invocation."""

    @abstractmethod
    def begin(self, content_type: str) -> None:
        """Send the head."""

    @abstractmethod
    def piece(self, data: bytes) -> bool:
        """Send a piece; give whether there is room for more now."""

    @abstractmethod
    def complete(self, outcome: Outcome, *, was_relayed: bool) -> None:
        """Send the end; without a relay, the whole answer before it."""


class StreamedCall(RelayedCall):
    """A caller at the other end of a connection."""

    def __init__(self, exchange: HttpExchange, bandwidth: Bandwidth | None = None) -> None:
        super().__init__(bandwidth)
        self._exchange = exchange
        exchange.on_room = self._room


def error_facts(outcome: Outcome) -> tuple[str, str]:
    """Give the error's type and its object as text, as `InvokeComplete` has them."""
    details = outcome.body.decode("utf-8", "replace")
    try:
        code = json.loads(details).get("errorType")
    except (ValueError, AttributeError):
        code = None
    return code if isinstance(code, str) and code else "Unhandled", details
