"""The functions of `crowd`, for an event loop; apart, since others should not pay for `asyncio`."""

from __future__ import annotations

import asyncio
import time
from typing import Any

WAIT_SECONDS = 0.020
COMPUTE_SECONDS = 0.002


def _compute() -> None:
    end = time.thread_time() + COMPUTE_SECONDS
    while time.thread_time() < end:
        pass


async def empty_async(_event: Any, _context: Any) -> Any:
    """Answer."""
    return {"ok": True}


async def wait_async(_event: Any, _context: Any) -> Any:
    """Wait 20 ms, as for a database."""
    await asyncio.sleep(WAIT_SECONDS)
    return {"ok": True}


async def compute_async(_event: Any, _context: Any) -> Any:
    """Compute for 2 ms."""
    _compute()
    return {"ok": True}


async def mixed_async(_event: Any, context: Any) -> Any:
    """Of ten, eight wait and two compute."""
    if context.aws_request_id[-1] in "05":
        _compute()
    else:
        await asyncio.sleep(WAIT_SECONDS)
    return {"ok": True}
