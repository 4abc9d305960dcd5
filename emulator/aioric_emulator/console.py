"""Standard output for log lines, of which there are many under load: written some milliseconds at a time."""

from __future__ import annotations

import asyncio
import sys

__all__ = ["Console"]

# How long, in seconds, a line may wait for others.
DELAY = 0.005


class Console:
    """Collects lines, and prints them soon."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Print a line soon."""
        if not self._lines:
            asyncio.get_running_loop().call_later(DELAY, self.flush)
        # A bare carriage return is a line break within one event, as CloudWatch shows it.
        self._lines.append(line.replace("\r", "\n") if "\r" in line else line)

    def flush(self) -> None:
        """Print what waits."""
        text = "\n".join([*self._lines, ""])
        self._lines.clear()
        try:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            return
