"""The functions that are measured with many invocations at once: they wait, compute, or both."""

from __future__ import annotations

import time
from typing import Any

WAIT_SECONDS = 0.020
COMPUTE_SECONDS = 0.002


def _compute() -> None:
    end = time.thread_time() + COMPUTE_SECONDS
    while time.thread_time() < end:
        pass


def empty(_event: Any, _context: Any) -> Any:
    """Answer."""
    return {"ok": True}


def wait(_event: Any, _context: Any) -> Any:
    """Wait 20 ms, as for a database."""
    time.sleep(WAIT_SECONDS)
    return {"ok": True}


def compute(_event: Any, _context: Any) -> Any:
    """Compute for 2 ms."""
    _compute()
    return {"ok": True}


def mixed(_event: Any, context: Any) -> Any:
    """Of ten, eight wait and two compute."""
    if context.aws_request_id[-1] in "05":
        _compute()
    else:
        time.sleep(WAIT_SECONDS)
    return {"ok": True}
