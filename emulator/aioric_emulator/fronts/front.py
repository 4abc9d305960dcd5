"""What every front offers to the door that sockets lead to: decisions without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.fronts.authorizers import Authorizer
    from aioric_emulator.fronts.request import Facts, Request
    from aioric_emulator.fronts.verdicts import Verdict
    from aioric_emulator.messages import Answer, Outcome, Rejection

__all__ = ["Call", "Front", "Question", "phrase"]

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


@dataclass(frozen=True, slots=True)
class Question:
    """A request of which an authorizer is asked first, with an event of its own.

    `missing` says what the request lacks, so that there is nothing to ask; `key` is by what a result is kept,
    empty for not at all; `timeout` is in seconds. `read` takes the function's answer apart, and raises
    `AuthorizerFault`; `refuse` gives the answer to who is not let in, and why, and `proceed` what follows
    else, told how many milliseconds were waited. `fault` is the answer where nobody could be asked.
    """

    authorizer: Authorizer
    event: dict[str, Any]
    missing: str
    key: tuple[str, ...]
    timeout: float
    read: Callable[[Outcome], Verdict]
    refuse: Callable[[Verdict], tuple[Answer | None, str]]
    proceed: Callable[[Verdict, int], Call | Answer]
    fault: Callable[[int], Answer]


class Front(Protocol):
    """One service in front of functions."""

    # The bytes that a request's body may have.
    max_body: int

    def receive(self, request: Request, facts: Facts) -> Call | Question | Answer:
        """Give the call that a request is, who is asked before, or the answer that needs no function."""

    def fault(self, status: int) -> Answer:
        """Give the service's own answer to what went wrong before or without a function.

        400 a malformed request, 413 one with too large a body, 431 too large a head, 500 a fault of ours,
        502 a stream that could not be one, 504 a function that took too long.
        """
