"""What every front offers to the door that sockets lead to: decisions without I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.fronts.authorizers import Authorizer, Sources
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


class Question(ABC):
    """A request of which an authorizer is asked first, with an `event` of its own.

    `missing` says what the request lacks, so that there is nothing to ask; `key` is by what a result is kept,
    empty for not at all; `timeout` is how long the API waits, in seconds.
    """

    timeout: float

    def __init__(self, authorizer: Authorizer, sources: Sources, event: dict[str, Any]) -> None:
        self.authorizer = authorizer
        self.event = event
        self.missing = authorizer.missing(sources)
        values = sources.find_all(authorizer.identity)
        self.key = (authorizer.name, *values) if authorizer.ttl and values else ()

    @abstractmethod
    def read(self, outcome: Outcome) -> Verdict:
        """Take the function's answer apart. Raises `AuthorizerFault`."""

    @abstractmethod
    def refuse(self, verdict: Verdict) -> tuple[Answer | None, str]:
        """Give the answer to who is not let in, and why, for the log; None to who is."""

    @abstractmethod
    def proceed(self, verdict: Verdict, latency: int) -> Call | Answer:
        """Give what follows for who is let in; `latency` is how many milliseconds were waited."""

    @abstractmethod
    def fault(self, status: int) -> Answer:
        """Give the answer where nobody was asked (401), or nothing was said that means anything (500)."""


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
