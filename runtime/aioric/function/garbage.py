"""When garbage is collected: `AIORIC_GC=after-response` moves it to where nobody waits for it.

What init has made stays for good and is not looked at again. While a handler runs the collector holds
back, unless it makes so many objects that memory would suffer; after the answer it gets its turn.
"""

from __future__ import annotations

import gc

# How many objects more than before make the collector's turn come: between two answers, as many as
# the interpreter itself would wait for; within an invocation, so many that one has to act.
BETWEEN = 700
WITHIN = 100_000
# As in the interpreter: every so many turns look at the older objects too, and at all.
OLDER = 10
ALL = 100


class Garbage:
    """The collector's turns. Made once init is over."""

    __slots__ = ("_turns",)

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(WITHIN, *gc.get_threshold()[1:])
        self._turns = 0

    @property
    def due(self) -> bool:
        """Whether it is worth a turn."""
        return gc.get_count()[0] >= BETWEEN

    def collect(self) -> None:
        """Take a turn."""
        self._turns += 1
        gc.collect(2 if self._turns % ALL == 0 else 1 if self._turns % OLDER == 0 else 0)
