"""Functions for the conformance tests."""

from __future__ import annotations

import asyncio
import sys
from typing import Any


def echo(event: Any, _context: Any) -> Any:
    """Answer with the event."""
    return event


async def echo_async(event: Any, _context: Any) -> Any:
    """Answer with the event, a little later if it asks for that."""
    if isinstance(event, dict) and "pause" in event:
        await asyncio.sleep(event["pause"])
    return event


def leave(_event: Any, _context: Any) -> None:
    """End the process."""
    sys.exit(3)


async def leave_async(_event: Any, _context: Any) -> None:
    """End the process, from a coroutine."""
    sys.exit(3)


def run_a_loop(event: Any, _context: Any) -> Any:
    """Use an event loop of one's own, as plain functions do."""
    return asyncio.run(echo_async(event, None))
