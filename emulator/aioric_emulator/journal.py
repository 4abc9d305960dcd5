"""A function's log: its own lines and the platform's, in one order, for whoever reads or waits for them."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from aioric_emulator.platform_lines import JsonLines, TextLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.decisions import InitEnd, RestoreEnd
    from aioric_emulator.messages import Ending, Invocation

__all__ = ["Journal"]

# Lines that are kept for a reader. A function under load writes more than anybody reads.
MAX_LINES = 100_000


class Journal:
    """The log of all environments of a function.

    `on_line` is given each line as it is written, and its request id or nothing.
    """

    def __init__(
        self, configuration: FunctionConfiguration, on_line: Callable[[str, str], None] | None
    ) -> None:
        self.kept: deque[str] = deque(maxlen=MAX_LINES)
        self._on_line = on_line
        self._lines = choose_lines(configuration)

    def init_start(self) -> None:
        """Note that an environment is started."""
        self._write(self._lines.init_start(), None)

    def init_end(self, end: InitEnd) -> None:
        """Note how an init ended, and before that how the external extensions are."""
        for extension in end.extensions:
            if extension.is_external:
                self._write(self._lines.extension(extension), None)
        self._write(self._lines.init_end(end), None)

    def restore_start(self) -> None:
        """Note that an environment is resumed from its snapshot."""
        self._write(self._lines.restore_start(), None)

    def restore_end(self, end: RestoreEnd) -> None:
        """Note how a restore ended."""
        self._write(self._lines.restore_end(end), None)

    def start(self, invocation: Invocation) -> None:
        """Note that an invocation starts."""
        self._write(self._lines.start(invocation), invocation)

    def end(self, invocation: Invocation, ending: Ending, max_memory: int) -> None:
        """Note that an invocation is over; `max_memory` is in bytes."""
        self._write(self._lines.end(invocation, ending, max_memory), invocation)

    def record(self, line: str, invocation: Invocation | None) -> None:
        """Note what the function wrote, and for which invocation, if that is known."""
        self._write([line], invocation, is_platform=False)

    def _write(self, lines: list[str], invocation: Invocation | None, *, is_platform: bool = True) -> None:
        self.kept.extend(lines)
        if self._on_line is not None:
            request_id = "" if invocation is None else invocation.request_id
            for line in lines:
                self._on_line(line, request_id)
        if invocation is not None and invocation.caller.wants_logs:
            for line in lines:
                invocation.caller.logged(line, is_platform=is_platform)


def choose_lines(configuration: FunctionConfiguration) -> TextLines | JsonLines:
    """Give the lines of the function's log format."""
    runtime = Path(configuration.command[0]).name
    if configuration.is_json_log:
        return JsonLines(runtime, configuration.memory, configuration.initialization_type)
    return TextLines(runtime, configuration.memory)
