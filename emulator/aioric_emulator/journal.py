"""A function's log: its own lines and the platform's, in one order, for whoever reads or waits for them."""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from aioric_emulator.platform_lines import JsonLines, TextLines

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.decisions import InitEnd, RestoreEnd
    from aioric_emulator.messages import Ending, Invocation
    from aioric_emulator.plain_invocation import Measured, PlainInvocation

__all__ = ["Journal", "Listeners"]

OnLine: TypeAlias = "Callable[[str, str], None] | None"
OnText: TypeAlias = "Callable[[str], None] | None"
Listeners: TypeAlias = tuple[OnLine, OnText]

# Lines that are kept for a reader. A function under load writes more than anybody reads.
MAX_LINES = 100_000
# How long, in seconds, the lines of plain invocations may wait for others: who called is answered before.
DELAY = 0.005


class Journal:
    """The log of all environments of a function.

    `on_line` is given each line as it is written, and its request id or nothing; `on_text` lines without,
    as many in one text as are written at once.
    """

    def __init__(self, configuration: FunctionConfiguration, on_line: OnLine, on_text: OnText) -> None:
        # Texts of so many lines, and how many those are in all.
        self._kept: deque[tuple[str, int]] = deque()
        self._count = 0
        # Plain invocations, once when they began and once when they were over, until that is written.
        self._noted: list[PlainInvocation] = []
        self._on_line, self._on_text = on_line, on_text
        self._lines = choose_lines(configuration)

    @property
    def lines(self) -> list[str]:
        """All lines so far, as far as they are kept."""
        self.settle()
        # What a function writes may have line breaks within a line; it is kept by itself.
        texts = ([text] if count == 1 else text.split("\n") for text, count in self._kept)
        return [line for lines in texts for line in lines]

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

    def note(self, invocation: PlainInvocation) -> None:
        """Note that a plain invocation starts, and the second time that it is over: written soon."""
        if not self._noted:
            asyncio.get_running_loop().call_later(DELAY, self.settle)
        self._noted.append(invocation)

    def settle(self) -> None:
        """Write what was noted. All that comes after it in the log has this done first."""
        noted, self._noted = self._noted, []
        if not noted:
            return
        lines, texts = self._lines, list[str]()
        measured: Measured | None = None
        memory = 0
        for invocation in noted:
            if not invocation.has_start:
                invocation.has_start = True
                texts.append(lines.plain_start(invocation.request_id, invocation.time))
                continue
            if invocation.environment is not measured:
                # Read once for all that ended there: it costs as much as a tenth of an invocation.
                measured = invocation.environment
                memory = measured.max_memory
            over_at = invocation.time + invocation.duration
            texts.append(lines.plain_end(invocation.request_id, invocation.duration, memory, over_at))
        text = "\n".join(texts)
        self._keep(text, text.count("\n") + 1)
        if self._on_text is not None:
            self._on_text(text)
        elif self._on_line is not None:
            for invocation, each in zip(noted, texts, strict=True):
                for line in each.split("\n"):
                    self._on_line(line, invocation.request_id)

    def _keep(self, text: str, count: int) -> None:
        self._kept.append((text, count))
        self._count += count
        while self._count > MAX_LINES:
            self._count -= self._kept.popleft()[1]

    def _write(self, lines: list[str], invocation: Invocation | None, *, is_platform: bool = True) -> None:
        if self._noted:
            self.settle()
        request_id = "" if invocation is None else invocation.request_id
        for line in lines:
            self._keep(line, 1)
            if self._on_text is not None:
                self._on_text(line)
            elif self._on_line is not None:
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
