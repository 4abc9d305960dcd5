"""What the model wants done, for the driver to do in this order: answers, launches, stops, ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from aioric_emulator.messages import Answer, Ending, Exchange, Invocation, Outcome, Rejection
    from aioric_emulator.phases import ExecutionEnvironment

__all__ = ["Begin", "Complete", "Decision", "Finish", "InitEnd", "Launch", "Reject", "Reply", "Stop"]


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer a request of the runtime or of an extension."""

    exchange: Exchange
    answer: Answer


@dataclass(frozen=True, slots=True)
class Launch:
    """Start the runtime of a new environment."""

    environment: ExecutionEnvironment


@dataclass(frozen=True, slots=True)
class InitEnd:
    """An environment's init phase ended. `phase` is `init`, or `invoke` for the repeated one."""

    environment: ExecutionEnvironment
    duration: float
    phase: str
    status: str
    error_type: str = ""


@dataclass(frozen=True, slots=True)
class Begin:
    """An invocation starts in an environment: the START line."""

    environment: ExecutionEnvironment
    invocation: Invocation


@dataclass(frozen=True, slots=True)
class Complete:
    """The caller may have the outcome."""

    invocation: Invocation
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Finish:
    """An invocation is over for its environment: the END and REPORT lines."""

    environment: ExecutionEnvironment
    invocation: Invocation
    ending: Ending


@dataclass(frozen=True, slots=True)
class Reject:
    """No environment takes the invocation."""

    invocation: Invocation
    rejection: Rejection


@dataclass(frozen=True, slots=True)
class Stop:
    """End an environment. `reason` is the shutdown reason: `spindown`, `timeout` or `failure`."""

    environment: ExecutionEnvironment
    reason: str


Decision: TypeAlias = Reply | Launch | InitEnd | Begin | Complete | Finish | Reject | Stop
