"""Trouble that a test can ask for at the Runtime API: what there is, and what each does to an event.

What the service makes of it is its own decision: the same model counts events and answers as ever. How
trouble gets to where it is made is in `disrupted_api`.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from aioric_emulator import answers
from aioric_emulator.exchange import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.messages import Answer

__all__ = [
    "ClockJump",
    "Delivery",
    "Disruption",
    "Duplicate",
    "OmitHeaders",
    "Place",
    "Refuse",
    "Reset",
    "Split",
    "Stall",
]

# Where trouble is: at the answer to `/invocation/next`, or at the one to what the runtime posts for it.
Place: TypeAlias = Literal["next", "response"]

# In seconds: so long what was sent is left to arrive before the connection is reset.
BEFORE_RESET = 0.01
# What the API may say, by the place that it says it at.
REFUSALS: dict[Place, dict[int, Answer]] = {
    "next": {
        403: answers.invalid_transition("InitError", "Ready"),
        500: answers.INTERNAL_ERROR,
    },
    "response": {
        400: answers.TRUNCATED,
        403: answers.invalid_transition("Ready", "InvocationResponse"),
        410: answers.INVOKE_TIMEOUT,
        413: answers.TOO_LARGE,
        500: answers.INTERNAL_ERROR,
    },
}
DEADLINE = "Lambda-Runtime-Deadline-Ms"
REQUEST_ID = "Lambda-Runtime-Aws-Request-Id"


class Disruption:
    """Trouble that one event meets."""

    def change(self, event: Answer) -> Answer:
        """Give the event as it leaves."""
        return event


@dataclass(frozen=True)
class Duplicate(Disruption):
    """The event comes twice: once the runtime is done with it, as another attempt with the same request id.

    The caller gets the first answer, the log of both, and waits for both; the second answer goes to nobody.
    """


@dataclass(frozen=True)
class OmitHeaders(Disruption):
    """The event comes without these headers, named in any case. Raises `ValueError` for its request id.

    No event can be answered without that one, and no runtime could do right.
    """

    names: Sequence[str]

    def __init__(self, *names: str) -> None:
        if REQUEST_ID.lower() in {name.lower() for name in names}:
            raise ValueError(f"an event without {REQUEST_ID} cannot be answered; leave it in")
        object.__setattr__(self, "names", tuple(names))

    def change(self, event: Answer) -> Answer:
        """Leave headers out."""
        omitted = {name.lower() for name in self.names}
        return replace(event, headers=tuple(each for each in event.headers if each[0].lower() not in omitted))


@dataclass(frozen=True)
class ClockJump(Disruption):
    """The environment's clock seems to be so many milliseconds ahead, or behind where that is negative.

    The deadline moves. The platform keeps the function's timeout by its own clock, as ever.
    """

    milliseconds: int

    def change(self, event: Answer) -> Answer:
        """Move the deadline: to a clock that is ahead it is nearer."""
        moved = (
            (name, str(int(value) - self.milliseconds) if name == DEADLINE else value)
            for name, value in event.headers
        )
        return replace(event, headers=tuple(moved))


class Delivery(Disruption, ABC):
    """Trouble with how an answer of the API gets to the runtime, or with whether it does."""

    at: Place

    def send(self, exchange: HttpExchange, answer: Answer) -> None:
        """Send an answer as this wants it sent."""
        go_on(self._script(exchange, answer))

    @abstractmethod
    def _script(self, exchange: HttpExchange, answer: Answer) -> Iterator[float]:
        """Send step by step; give how long to wait before each further one, in seconds."""


def go_on(script: Iterator[float]) -> None:
    """Go on with a script as far as it goes, and again after each of its pauses."""
    for pause in script:
        asyncio.get_running_loop().call_later(pause, go_on, script)
        return


def to_bytes(exchange: HttpExchange, answer: Answer) -> bytes:
    """Give an answer as it would have left."""
    return render(answer, keep_alive=exchange.keep_alive, method=exchange.method)


def check_place(at: str) -> None:
    """Raise `ValueError` for what is no place of trouble."""
    if at not in get_args(Place):
        raise ValueError(f"at={at!r}: trouble is at 'next' or at 'response'")


@dataclass(frozen=True)
class Split(Delivery):
    """The event leaves in pieces: all of one size in bytes, or of the given sizes and then the rest.

    Each leaves as a TCP segment of its own, `pause` seconds after the one before. Raises `ValueError` for
    a size below 1.
    """

    sizes: int | Sequence[int]
    pause: float = 0.001
    at: Place = "next"

    def __post_init__(self) -> None:
        check_place(self.at)
        if min((self.sizes,) if isinstance(self.sizes, int) else self.sizes, default=0) < 1:
            raise ValueError(f"sizes={self.sizes!r}: a piece has a byte at least")

    def _script(self, exchange: HttpExchange, answer: Answer) -> Iterator[float]:
        rest = to_bytes(exchange, answer)
        repeated = [self.sizes] * (len(rest) // self.sizes) if isinstance(self.sizes, int) else self.sizes
        for size in repeated:
            exchange.push(rest[:size])
            rest = rest[size:]
            yield self.pause
        exchange.push(rest)
        exchange.conclude()


@dataclass(frozen=True)
class Stall(Delivery):
    """After so many bytes of the answer nothing comes for so many seconds, and then the rest.

    At `response` it is the acknowledgement that is late, and with it the next event.
    """

    seconds: float
    after: int = 0
    at: Place = "next"

    def __post_init__(self) -> None:
        check_place(self.at)

    def _script(self, exchange: HttpExchange, answer: Answer) -> Iterator[float]:
        data = to_bytes(exchange, answer)
        exchange.push(data[: self.after])
        yield self.seconds
        exchange.push(data[self.after :])
        exchange.conclude()


@dataclass(frozen=True)
class Reset(Delivery):
    """After so many bytes of the answer the connection is reset.

    At `next` the event has not arrived: a classic environment is given it again when it polls, one of
    Managed Instances is not, and its caller is told that the time is up. At `response` the answer was
    taken, and the runtime is not told.
    """

    after: int = 0
    at: Place = "next"

    def __post_init__(self) -> None:
        check_place(self.at)

    def _script(self, exchange: HttpExchange, answer: Answer) -> Iterator[float]:
        if self.after:
            exchange.push(to_bytes(exchange, answer)[: self.after])
            yield BEFORE_RESET
        exchange.reset()


@dataclass(frozen=True)
class Refuse(Delivery):
    """The API answers with an error: 400, 403, 410, 413 or 500 at `response`, 403 or 500 at `next`.

    What the runtime posted is not taken. For 413 and 400 the service ends the invocation: too large, or
    broken off. For the others it stays open; see the page on testing. Raises `ValueError` for other statuses.
    """

    status: int
    at: Place = "response"

    def __post_init__(self) -> None:
        check_place(self.at)
        if self.status not in REFUSALS[self.at]:
            allowed = ", ".join(map(str, REFUSALS[self.at]))
            raise ValueError(f"status={self.status}: at {self.at!r} the Runtime API says {allowed}")

    @property
    def answer(self) -> Answer:
        """What the API says."""
        return REFUSALS[self.at][self.status]

    def _script(self, exchange: HttpExchange, answer: Answer) -> Iterator[float]:  # noqa: ARG002 - its own takes its place
        exchange.reply(self.answer)
        yield from ()
