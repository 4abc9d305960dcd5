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
    "ExtensionReport",
    "Finish",
    "InitEnd",
    "Launch",
    "OfEnvironment",
    "Reject",
    "Reply",
    "RestoreEnd",
    "RestoreStart",
    "RuntimeDone",
    "RuntimeReady",
    "StartRuntime",
    "Stop",
]


@dataclass(slots=True)
class Reply:
    """Answer a request of the runtime or of an extension."""

    exchange: Exchange
    answer: Answer


@dataclass(slots=True)
class Launch:
    """Start a new environment: its external extensions and its runtime; or copy the one it is a copy of."""

    environment: ExecutionEnvironment


@dataclass(slots=True)
class StartRuntime:
    """Start the runtime: all external extensions of the environment have registered."""

    environment: ExecutionEnvironment


@dataclass(slots=True)
class RuntimeReady:
    """The runtime polls for the first time, or waits for its restore; extensions may not be ready yet."""

    environment: ExecutionEnvironment


@dataclass(slots=True)
class RuntimeDone:
    """The runtime polls after an invocation; extensions may still be at it. Only where telemetry wants it."""

    environment: ExecutionEnvironment
    invocation: Invocation


@dataclass(frozen=True, slots=True)
class ExtensionReport:
    """An extension at the end of init: the EXTENSION line."""

    name: str
    state: str
    events: tuple[str, ...]
    error_type: str
    is_external: bool

    @property
    def record(self) -> dict[str, object]:
        """What the platform records of it."""
        record: dict[str, object] = {"name": self.name, "state": self.state, "events": list(self.events)}
        return {**record, "errorType": self.error_type} if self.error_type else record


@dataclass(slots=True)
class InitEnd:
    """An environment's init phase ended. `phase` is `init`, or `invoke` for the repeated one."""

    environment: ExecutionEnvironment
    duration: float
    phase: str
    status: str
    error_type: str = ""
    # As they were at that moment.
    extensions: tuple[ExtensionReport, ...] = ()


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
    Reply
    | Launch
    | StartRuntime
    | RuntimeReady
    | InitEnd
    | RestoreStart
    | RestoreEnd
    | Begin
    | Complete
    | RuntimeDone
    | Finish
    | Reject
    | Stop
)
# Those that an environment itself is told of.
OfEnvironment: TypeAlias = (
    StartRuntime | RuntimeReady | InitEnd | RestoreStart | RestoreEnd | Begin | RuntimeDone | Finish | Stop
)
