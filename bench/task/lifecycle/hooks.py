"""A function that wants to know of its end, and has nothing to do then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aioric

if TYPE_CHECKING:
    from collections.abc import Iterator


@aioric.lifespan
def resource() -> Iterator[None]:
    """Nothing, held for as long as the environment lives."""
    yield


def trivial(_event: Any, _context: Any) -> Any:
    """Answer without a look at the event."""
    return {"ok": True}


async def trivial_async(_event: Any, _context: Any) -> Any:
    """Answer without a look at the event."""
    return {"ok": True}
