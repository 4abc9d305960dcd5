"""Staying awake for a moment, where the next message is likely to come before sleep would have paid."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LONGEST_REST", "REST", "SPAN", "Alertness"]

# How long, in seconds, the next message is waited for awake. A processor that has gone to sleep takes some
# 20 to 100 µs to come back, in a virtual machine most of all, and a plain invocation has two such waits.
SPAN = 0.0003
# How long, in seconds, it sleeps like others after it was awake for nothing, and how long at most when that
# comes again and again. The handlers take longer, or something else needs the processors: then what is
# waited for may need this one to come at all.
REST, LONGEST_REST = 0.001, 0.02
# Where a container reads its own share of the CPU, as "QUOTA PERIOD" in microseconds, or "max PERIOD".
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


class Alertness:
    """Has the event loop look for what comes next without sleeping, while messages follow one another.

    Only the second of two messages within `SPAN` keeps it awake, and only for as long again, so single calls
    cost nothing; and those whose handlers take their time 2 % of a processor at most. With one processor it
    always sleeps, since whoever is waited for needs that one.

    Args:
        processors: How many we may use. Default: what affinity and quota say.
        clock: Tells the time, in seconds.

    Attributes:
        is_awake: Whether the loop is kept from sleeping.
    """

    def __init__(self, processors: int | None = None, clock: Callable[[], float] = monotonic) -> None:
        self.is_awake = False
        self._clock = clock
        self._span = SPAN if (processors or count_processors()) > 1 else 0.0
        self._until = 0.0
        self._rests_until = 0.0
        self._rest = REST
        self._loop: asyncio.AbstractEventLoop

    def stir(self) -> None:
        """Hear of a message. Called in the loop."""
        now = self._clock()
        if self.is_awake:
            self._rest = REST  # it has paid
        elif self._rests_until <= now < self._until:
            self.is_awake = True
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._look)
        self._until = now + self._span

    def _look(self) -> None:
        # A loop that has something to call asks its connections for news without sleeping.
        now = self._clock()
        if now < self._until:
            self._loop.call_soon(self._look)
        else:
            self.is_awake = False
            self._rests_until = now + self._rest
            self._rest = min(self._rest * 2, LONGEST_REST)


def count_processors(quota: Path = CPU_QUOTA) -> int:
    """How many processors this process may use: by its affinity, fewer if a quota says so."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError, ZeroDivisionError):  # no quota, or none that we can read
        share, period = quota.read_text().split()
        # Rounded down: who waits awake takes from the share of those who work.
        allowed = min(allowed, int(share) // int(period))
    return max(1, allowed)
