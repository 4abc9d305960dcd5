"""Standard output for log lines, of which there are many under load: written some milliseconds at a time."""

from __future__ import annotations

import asyncio
import sys
import zlib

import click

__all__ = ["Console", "paint"]

# Told apart on a light and on a dark terminal.
COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_red")
# Of a request id, what tells the invocations apart that a person sees at once.
SHOWN = 8

# How long, in seconds, a line may wait for others.
DELAY = 0.005


class Console:
    """Collects lines, and prints them soon. `is_colourful`: a person looks at them, in a terminal."""

    def __init__(self, *, is_colourful: bool = False) -> None:
        self._lines: list[str] = []
        self.is_colourful = is_colourful

    def write(self, line: str, request_id: str = "") -> None:
        """Print a line soon, or several in one text, with its invocation's colour if it has one."""
        if not self._lines:
            asyncio.get_running_loop().call_later(DELAY, self.flush)
        # A bare carriage return is a line break within one event, as CloudWatch shows it.
        line = line.replace("\r", "\n") if "\r" in line else line
        self._lines.append(paint(line, request_id) if self.is_colourful and request_id else line)

    def flush(self) -> None:
        """Print what waits."""
        text = "\n".join([*self._lines, ""])
        self._lines.clear()
        try:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
        except OSError:  # nobody reads it any more, or there is no room: functions are served all the same
            return


def paint(text: str, request_id: str) -> str:
    """Put the beginning of an invocation's id before each line, in a colour of that id's own."""
    colour = COLOURS[zlib.crc32(request_id.encode()) % len(COLOURS)]
    mark = click.style(f"{request_id[:SHOWN]} |", fg=colour)
    return "\n".join(f"{mark} {line}" for line in text.split("\n"))
