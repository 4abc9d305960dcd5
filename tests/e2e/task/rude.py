"""A function that is careless with its process."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import aioric


@aioric.lifespan
async def resource() -> Any:
    """Tell of it when it is closed too early."""
    yield "open"
    print("closed")


def sync(event: Any, context: Any) -> Any:
    """Do what the event says."""
    return ACTIONS[event](context)


async def asynchronous(event: Any, context: Any) -> Any:
    """Do what the event says, on an event loop."""
    return ACTIONS[event](context)


def close(_context: Any) -> None:
    """Close standard output and error, and fail."""
    os.closerange(1, 3)
    raise ValueError("closed")


def too_large(_context: Any) -> str:
    """Close them, and answer what the platform refuses, of which the runtime would like to tell."""
    os.closerange(1, 3)
    return "x" * (7 << 20)


def fork(_context: Any) -> int:
    """Fork a process that ends at once."""
    child = os.fork()
    if not child:
        sys.exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def cancel(_context: Any) -> str:
    """Cancel whatever else runs on the loop."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    return "cancelled"


def look(context: Any) -> Any:
    """Tell which process this is, and what it has."""
    return os.getpid(), context.state


ACTIONS = {"close": close, "too large": too_large, "fork": fork, "cancel": cancel, "look": look}
