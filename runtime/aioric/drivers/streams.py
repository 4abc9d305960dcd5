"""Loads what streams need: during init where a function is known to stream, else with its first stream."""

from __future__ import annotations

import sys

from aioric.function.aside import import_own, import_stdlib
from aioric.function.loader import ASYNC, ASYNC_GENERATOR, GENERATOR


def load_streams(how: str) -> None:
    """Import during init what the first stream would have to wait for, if the function looks like one.

    Args:
        how: The handler's kind.
    """
    if how not in (GENERATOR, ASYNC_GENERATOR) and "aioric.function.responses" not in sys.modules:
        return
    driver = "eventloop" if how in (ASYNC, ASYNC_GENERATOR) else "blocking"
    if driver == "eventloop":
        import_stdlib("asyncio")
    for module in ("function.streaming", f"drivers.{driver}_streams"):
        import_own(f"aioric.{module}")
