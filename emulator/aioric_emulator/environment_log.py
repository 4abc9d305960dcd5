"""The log of one environment: the descriptors that its runtime and its extensions write to."""

from __future__ import annotations

import os
import select
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from aioric_emulator.log_lines import LineReader
from aioric_emulator.log_pipe import LogPipe, LogSocket

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AsyncExitStack

    from aioric_emulator.log_pipe import Reader

__all__ = ["EnvironmentLog", "Writer"]

Writer: TypeAlias = Literal["function", "extension"]


class EnvironmentLog:
    """All that may be written to. `on_line` is given each line, and who wrote it."""

    def __init__(self, on_line: Callable[[Writer, str], None]) -> None:
        self._on_line = on_line
        self._logs: list[LogPipe | LogSocket] = []
        # To ask whether there is anything in a pipe.
        self._pipes = select.poll()

    def open_pipe(self, reader: Reader, writer: Writer = "function") -> int:
        """Give the writing end of a pipe."""
        descriptor, written = os.pipe()
        self._pipes.register(descriptor, select.POLLIN)
        self._logs.append(LogPipe(descriptor, reader, partial(self._on_line, writer)))
        return written

    def open_socket(self, stack: AsyncExitStack) -> str:
        """Give the path of a socket of which every connection is a log; it goes with the stack."""
        import tempfile  # noqa: PLC0415 - slow to import, and only Managed Instances have sockets

        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="aioric-"))
        path = str(Path(folder) / "log.sock")
        on_line = partial(self._on_line, "function")
        self._logs.append(LogSocket(path, lambda each: LogPipe(each, LineReader(), on_line)))
        return path

    @property
    def ask(self) -> Callable[[int], object]:
        """What gives, called with a zero, something if there may be anything to read in a pipe."""
        # One that has ended is still in there: then it is said more often than it is so.
        return self._pipes.poll

    def drain(self) -> None:
        """Read what has been written so far."""
        for log in self._logs:
            log.drain()

    def close(self) -> None:
        """Read what there is, and no more."""
        for log in self._logs:
            log.close()
