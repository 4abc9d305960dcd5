"""The garbage collector during the start: a function's import makes many objects and hardly any garbage.

Collections would walk through all of them again and again. The function's own settings are left alone.
"""

from __future__ import annotations

import gc

# So many objects more than before, and there is a collection after all: an import that does make garbage must
# not fill the memory with it.
_PATIENCE = 100_000


class Heap:
    """Makes collections rare; `settle` ends that."""

    __slots__ = ("_frozen", "_quiet", "_usual")

    def __init__(self) -> None:
        self._usual = gc.get_threshold()
        self._frozen = gc.get_freeze_count()  # Python 3.12 freezes a few hundred objects of its own
        self._quiet = (_PATIENCE, *self._usual[1:])
        gc.set_threshold(*self._quiet)

    def settle(self) -> None:
        """Collect as usual from now on, and count what there is as old without a look at it."""
        if gc.get_threshold() == self._quiet:  # else the function has its own idea
            gc.set_threshold(*self._usual)
        if gc.get_freeze_count() == self._frozen:  # else the function has frozen what it wants to have frozen
            gc.freeze()
            gc.unfreeze()
