"""The least of functions, in each form that a user would write it in."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def handler(_event: Any, _context: Any) -> Any:
    """Answer."""
    return {"ok": True}


async def async_handler(_event: Any, _context: Any) -> Any:
    """Answer, as a coroutine."""
    return {"ok": True}


def wrapped_handler(event: Any, context: Any) -> Any:
    """Answer with the coroutine's answer, as users of the official client do."""
    import asyncio  # noqa: PLC0415 - so that the plain handler does not pay for it

    return asyncio.run(async_handler(event, context))
