"""Waiting for what another process does: until it is so, or until that takes too long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

# Far more than anything here takes on a slow machine; a failure, not a duration.
PATIENCE = 15.0
PAUSE = 0.01


async def until(condition: Callable[[], object]) -> None:
    """Return when the condition holds; fail when it does not come to hold."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came to hold"
        await anyio.sleep(PAUSE)


def is_alive(pid: int) -> bool:
    """Whether a process runs. One that has ended, but was not waited for, does not."""
    import psutil  # noqa: PLC0415 - only some tests need it

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
