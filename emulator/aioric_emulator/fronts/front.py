"""What every front offers to the door that sockets lead to: decisions without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.fronts.request import Facts, Request
    from aioric_emulator.messages import Answer, Outcome, Rejection

__all__ = ["Call", "Front", "phrase"]

# What the services call it, whatever this Python's library calls it.
PHRASES = {413: "Request Entity Too Large"}


def phrase(status: int) -> str:
    """Give a status in words."""
    return PHRASES.get(status) or HTTPStatus(status).phrase


@dataclass(frozen=True, slots=True)
class Call:
    """A request that goes to a function: its event, and how what comes of it is answered.

    `timeout` is how long the front waits, in seconds; None for as long as it takes. `dress` gives every
    answer what the front adds to it.
    """

    function: str
    event: dict[str, Any]
    read: Callable[[Outcome], Answer]
    refuse: Callable[[Rejection], Answer]
    dress: Callable[[Answer], Answer]
    streams: bool = False
    timeout: float | None = None


class Front(Protocol):
    """One service in front of functions."""

    # The bytes that a request's body may have.
    max_body: int

    def receive(self, request: Request, facts: Facts) -> Call | Answer:
        """Give the call that a request is, or the answer that needs no function."""

    def fault(self, status: int) -> Answer:
        """Give the service's own answer to what went wrong before or without a function.

        400 a malformed request, 413 one with too large a body, 431 too large a head, 500 a fault of ours,
        502 a stream that could not be one, 504 a function that took too long.
        """
