"""The functions that are measured: they do next to nothing, so that what is left is the runtime."""

from __future__ import annotations

from typing import Any


def trivial(_event: Any, _context: Any) -> Any:
    """Answer without a look at the event."""
    return {"ok": True}


async def trivial_async(_event: Any, _context: Any) -> Any:
    """Answer without a look at the event."""
    return {"ok": True}


def echo(event: Any, _context: Any) -> Any:
    """Answer with the event."""
    return event


async def echo_async(event: Any, _context: Any) -> Any:
    """Answer with the event."""
    return event
