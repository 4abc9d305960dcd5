"""When the time of a stream is over."""

from __future__ import annotations

from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.messages import Invocation

# How long before the invocation's deadline a stream is cut, in seconds: for its last bytes to arrive.
MARGIN = 0.1
# No function may run for so long, in seconds.
NONSENSE = 86_400.0


def limits(invocation: Invocation) -> tuple[float, float]:
    """When an invocation's time is over, and when to cut its stream, in seconds since the epoch.

    Both are infinite if the deadline is unknown, past, or far away: an emulator may send nonsense.
    """
    deadline = invocation.deadline_ms / 1000
    left = deadline - time()
    if not 0 < left < NONSENSE:
        return float("inf"), float("inf")
    return deadline, deadline - min(MARGIN, left / 2)


def cut_short() -> str:
    """What a cut stream's caller is told."""
    return "The invocation's time is over and its stream is not, so it ends here"
