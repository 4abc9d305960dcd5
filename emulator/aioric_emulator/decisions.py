"""What the model wants done, for the driver to do in this order: answers, launches, stops, ends.

Nothing changes a decision; they are not frozen because a frozen one takes three times as long to make, and
every invocation makes seven.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from aioric_emulator.messages import Answer, Ending, Exchange, Invocation, Outcome, Rejection
    from aioric_emulator.phases import ExecutionEnvironment

__all__ = [
    "Begin",
    "Complete",
    "Decision",
    "Finish",
    "InitEnd",
    "Launch",
    "Reject",
    "Reply",
    "RestoreEnd",
    "RestoreStart",
    "Stop",
]


@dataclass(slots=True)
class Reply:
    """Answer a request of the runtime or of an extension."""

    exchange: Exchange
    answer: Answer


@dataclass(slots=True)
class Launch:
    """Start the runtime of a new environment, or copy the one that it is a copy of."""

    environment: ExecutionEnvironment


@dataclass(slots=True)
class InitEnd:
    """An environment's init phase ended. `phase` is `init`, or `invoke` for the repeated one."""

    environment: ExecutionEnvironment
    duration: float
    phase: str
    status: str
    error_type: str = ""


@dataclass(slots=True)
class RestoreStart:
    """An environment is resumed from its snapshot: the RESTORE_START line."""

    environment: ExecutionEnvironment


@dataclass(slots=True)
class RestoreEnd:
    """A restore ended, with what the function hooked to it: the RESTORE_REPORT line."""

    environment: ExecutionEnvironment
    duration: float
    status: str
    error_type: str = ""


@dataclass(slots=True)
class Begin:
    """An invocation starts in an environment: the START line."""

    environment: ExecutionEnvironment
    invocation: Invocation


@dataclass(slots=True)
class Complete:
    """The caller may have the outcome."""

    invocation: Invocation
    outcome: Outcome


@dataclass(slots=True)
class Finish:
    """An invocation is over for its environment: the END and REPORT lines."""

    environment: ExecutionEnvironment
    invocation: Invocation
    ending: Ending


@dataclass(slots=True)
class Reject:
    """No environment takes the invocation."""

    invocation: Invocation
    rejection: Rejection


@dataclass(slots=True)
class Stop:
    """End an environment. `reason` is the shutdown reason: `spindown`, `timeout` or `failure`."""

    environment: ExecutionEnvironment
    reason: str


Decision: TypeAlias = (
    Reply | Launch | InitEnd | RestoreStart | RestoreEnd | Begin | Complete | Finish | Reject | Stop
)
