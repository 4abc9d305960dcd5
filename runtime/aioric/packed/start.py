"""Taking a pack into use, or saying why not."""

from __future__ import annotations

import os
import sys

from aioric.packed import memos
from aioric.packed.finder import PackedFinder, install
from aioric.packed.pack import NAME, Pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def begin(task_root: str, warn: Callable[[str], None]) -> None:
    """Import from the pack in the function's folder from now on.

    Args:
        task_root: The function's folder.
        warn: Hears, once, that the pack is not used and why.
    """
    home = os.path.abspath(task_root)  # noqa: PTH100 - pathlib costs more to import than a start saves
    try:
        pack = Pack(home)
    except (OSError, ValueError, KeyError, EOFError, TypeError) as error:
        warn(f"{NAME} is not used: {error}")
        return

    def stale(file: str) -> None:
        warn(f"{NAME} is stale and not used any more: {file} has changed since. Run `aioric optimize` again")

    hooks = memos.hooks(pack)
    install(PackedFinder(pack, hooks, stale))
    for name, remember in hooks.items():
        if (loaded := sys.modules.get(name)) is not None:
            remember(loaded)
