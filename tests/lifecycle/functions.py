"""What the tests of an environment's life share: the function, in both kinds, and how to wait for its log."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aioric_emulator import Emulator

ROOT = Path(__file__).parents[2]
TASK = Path(__file__).parent / "task"
COMMAND = ["/usr/bin/env", f"AIORIC_PYTHON={sys.executable}", str(ROOT / "bootstrap")]
PATIENCE = 10.0  # seconds, for what must happen

HANDLERS = {"def": "app.sync", "async def": "app.asynchronous"}
handlers = pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS.keys())


async def until(fn: Emulator, text: str, times: int = 1) -> None:
    """Wait for a line in the log that contains a text."""
    deadline = time.monotonic() + PATIENCE
    while sum(text in line for line in fn.logs) < times:
        assert time.monotonic() < deadline, f"no {text!r} in {fn.logs}"
        await asyncio.sleep(0.005)


def said(lines: list[str]) -> list[str]:
    """The lines that the function printed, without the platform's and the records of `logging`.

    On Managed Instances they are records themselves.
    """
    words = ("START", "END", "REPORT", "INIT_START", "RESTORE_", "[")
    return [text for line in lines if not line.startswith(words) and (text := _printed(line).strip())]


def _printed(line: str) -> str:
    if not line.startswith("{"):
        return line
    record = json.loads(line)
    return str(record["message"]) if record.get("logger") == "stdout" else ""


def order(lines: list[str], *texts: str) -> list[int]:
    """Where each text is in the log."""
    return [next(index for index, line in enumerate(lines) if text in line) for text in texts]
