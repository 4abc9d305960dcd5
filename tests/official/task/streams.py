"""Functions that stream, each as `def` and as `async def`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def pieces(event: Any, _context: Any) -> Iterator[str]:
    """Stream as many pieces as the event asks for, and fail after them if it says so."""
    for number in range(event.get("count", 3)):
        yield f"piece {number} "
    if "fail" in event:
        raise ValueError(event["fail"])


async def pieces_async(event: Any, context: Any) -> AsyncIterator[str]:
    """Do the same."""
    for piece in pieces(event, context):
        yield piece
