"""Staying awake for a moment, where the next message is likely to come before sleep would have paid."""

from __future__ import annotations

import asyncio
import os
from time import monotonic

from aioric.drivers.shares import usable_cpus

__all__ = ["SPAN", "Alertness"]

# How long, in seconds, the next message is waited for awake. A processor that has gone to sleep takes some
# 20 to 100 µs to come back, in a virtual machine most of all, and a plain invocation has two such waits.
SPAN = 0.0002


class Alertness:
    """Has the event loop look for what comes next without sleeping, while messages follow one another.

    Only the second of two messages within `SPAN` keeps it awake, and only for as long again: single calls,
    and those whose handlers take their time, cost nothing. With one processor it sleeps, since whoever is
    waited for needs that one; with more it still steps back at each look for others who want its own.

    Args:
        processors: How many we may use. Default: what affinity and quota say.

    Attributes:
        is_awake: Whether the loop is kept from sleeping.
    """

    def __init__(self, processors: int | None = None) -> None:
        self.is_awake = False
        self._span = SPAN if (processors or count_processors()) > 1 else 0.0
        self._until = 0.0
        self._loop: asyncio.AbstractEventLoop

    def stir(self) -> None:
        """Hear of a message. Called in the loop."""
        now = monotonic()
        if now < self._until and not self.is_awake:
            self.is_awake = True
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._look)
        self._until = now + self._span

    def _look(self) -> None:
        # A loop that has something to call asks its connections for news without sleeping.
        if monotonic() >= self._until:
            self.is_awake = False
            return
        give_way()
        self._loop.call_soon(self._look)


def count_processors() -> int:
    """How many processors this process may use."""
    return usable_cpus() if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _go_on() -> None:
    """Do nothing, where a processor cannot be offered to others."""


give_way = getattr(os, "sched_yield", _go_on)
