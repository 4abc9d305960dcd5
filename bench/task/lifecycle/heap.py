"""A function with a large heap that makes garbage in cycles: where the collector's time shows."""

from __future__ import annotations

from typing import Any

HEAP = [{"number": number, "parts": [number]} for number in range(200_000)]


def trivial(_event: Any, _context: Any) -> Any:
    """Answer without a look at the event."""
    return {"ok": True}


async def trivial_async(_event: Any, _context: Any) -> Any:
    """Answer without a look at the event."""
    return {"ok": True}


def cycles(_event: Any, _context: Any) -> Any:
    """Make objects that refer to themselves, some of which live until the next invocation or longer."""
    made = []
    for _ in range(2_000):
        node: dict[str, Any] = {}
        node["self"] = node
        made.append(node)
    HEAP.append({"number": 0, "parts": made[:20]})
    return {"ok": True}
