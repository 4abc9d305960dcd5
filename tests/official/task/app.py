"""What the functions of the matrix do, each as `def` and as `async def`."""

from __future__ import annotations

import asyncio
import time
from typing import Any


def answer(event: Any, context: Any) -> dict[str, Any]:
    """Tell what came in."""
    return {"event": event, "request_id": context.aws_request_id}


async def answer_async(event: Any, context: Any) -> dict[str, Any]:
    """Tell what came in."""
    return answer(event, context)


def fail(event: Any, _context: Any) -> None:
    """Fail with the text that the event names."""
    raise ValueError(event["text"])


async def fail_async(event: Any, context: Any) -> None:
    """Fail with the text that the event names."""
    fail(event, context)


def nap(event: Any, _context: Any) -> dict[str, float]:
    """Sleep, and tell from when to when, on the clock that all processes of a machine share."""
    began = time.monotonic()
    time.sleep(event["seconds"])
    return {"began": began, "ended": time.monotonic()}


async def nap_async(event: Any, _context: Any) -> dict[str, float]:
    """Sleep, and tell from when to when, on the clock that all processes of a machine share."""
    began = time.monotonic()
    await asyncio.sleep(event["seconds"])
    return {"began": began, "ended": time.monotonic()}
