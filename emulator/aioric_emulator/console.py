"""Standard output for log lines: what one turn of the event loop logs, is written at once."""

from __future__ import annotations

import asyncio
import sys

__all__ = ["Console"]


class Console:
    """Collects lines, and prints them soon."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Print a line soon."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        # A bare carriage return is a line break within one event, as CloudWatch shows it.
        self._lines.append(line.replace("\r", "\n"))

    def flush(self) -> None:
        """Print what waits."""
        text = "".join(f"{line}\n" for line in self._lines)
        self._lines.clear()
        try:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            return
