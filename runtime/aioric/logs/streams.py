"""Standard output and error on Managed Instances: what a function prints becomes a JSON record.

There, several invocations write at the same time and the log is always JSON, so a bare line could
not be told from another's. Whoever writes JSON objects already (a logging library, metrics in the
embedded format) is not translated.
"""

from __future__ import annotations

import os
import sys
from _thread import RLock, get_ident

from aioric.logs.sinks import Unbuffered, write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TextIO

    from aioric.config import Config
    from aioric.identity import Identity
    from aioric.logs.journal import Journal
    from aioric.messages import Invocation

# The platform reads a line without a level as INFO, so that is what printing means. Warnings and
# tracebacks come by standard error; progress bars do too.
INFO = 20
WARNING = 30

# What a pipe takes as a whole from one of several processes; see pipe(7).
PIPE_BUF = 4096
# A line that goes on for longer than this is written in parts.
MAX_PENDING = 256 * 1024


def keep_records(config: Config, identity: Identity, journal: Journal) -> None:
    """Put record streams in the place of standard output and error."""
    # With a socket for its log, each process has a descriptor of its own.
    lines = Lines(several=config.log_socket is None)
    streams = []
    for name, level in (("stdout", INFO), ("stderr", WARNING)):
        stream = getattr(sys, name)
        if stream is not None:  # closed by whoever started us

            def record(text: str, invocation: Invocation | None, name: str = name, level: int = level) -> str:
                return journal.json_line(name, level, text, invocation)

            streams.append(RecordStream(stream, identity, record, lines))
            setattr(sys, name, streams[-1])

    def settle(invocation: Invocation) -> None:
        for stream in streams:
            if stream.pending:
                stream.settle(invocation)

    journal.settle = settle


class Lines:
    """Writes whole lines to the descriptors of standard output and error, one system call for each.

    Args:
        several: Whether other processes write to the same descriptors.
    """

    def __init__(self, *, several: bool) -> None:
        # Reentrant, because a signal handler may print while its thread is writing.
        self._lock = RLock()
        self._between_processes = os.memfd_create("aioric-log") if several else None
        # A child that is forked while another thread writes would wait for that thread for ever.
        os.register_at_fork(after_in_child=self._forget_threads)

    def _forget_threads(self) -> None:
        self._lock = RLock()

    def write(self, descriptor: int, data: bytes) -> None:
        """Write `data`, which ends with a newline; nobody else's bytes come between."""
        with self._lock:
            if len(data) <= PIPE_BUF or self._between_processes is None:
                write_all(descriptor, data)
                return
            from fcntl import LOCK_EX, LOCK_UN, lockf  # noqa: PLC0415 - few lines are that long

            lockf(self._between_processes, LOCK_EX)
            try:
                write_all(descriptor, data)
            finally:
                lockf(self._between_processes, LOCK_UN)


class RecordStream(Unbuffered):
    """A text stream of which each line becomes a record of the current invocation.

    What comes in one call of `write` is one record, with its newlines: a warning, a formatted
    traceback. What has no newline yet waits for it, apart for each invocation and thread.

    Args:
        stream: The stream in whose place this one stands.
        identity: Knows the current invocation.
        record: Makes a line of JSON from a text and the invocation that it is from.
        lines: Writes it.

    Attributes:
        pending: What has been begun, by thread and invocation.
    """

    def __init__(
        self,
        stream: TextIO,
        identity: Identity,
        record: Callable[[str, Invocation | None], str],
        lines: Lines,
    ) -> None:
        super().__init__(stream)
        self._identity = identity
        self._record = record
        self._lines = lines
        self._descriptor = stream.fileno()
        self.pending: dict[tuple[int, Invocation | None], str] = {}

    def write(self, text: str) -> int:
        """Write `text`, as records, up to its last newline; returns the number of characters."""
        if type(text) is str and text.startswith('{"') and text.endswith("}\n"):
            # A record already: nearly all that is written.
            if text.find("\n") == len(text) - 1 and (not self.pending or self._gives_way()):
                self._lines.write(self._descriptor, text.encode("utf-8", "backslashreplace"))
                return len(text)
        elif not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        key = get_ident(), self._identity.current()
        whole, newline, rest = (self.pending.pop(key, "") + text).rpartition("\n")
        if newline:
            self._emit(whole, key[1])
        if len(rest) > MAX_PENDING:
            self._emit(rest, key[1])
        elif rest:
            self.pending[key] = rest
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write all `lines`."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Write what the calling thread's invocation has begun, though the line has no end yet.

        What somebody has written to `buffer`, past this stream, leaves too.
        """
        self._write_begun()
        self.stream.flush()

    def _gives_way(self) -> bool:
        """Before a record: write what was begun, as one of its own, unless it is the record's beginning."""
        begun = self.pending.get((get_ident(), self._identity.current()), "")
        if begun.startswith('{"'):
            return False
        self._write_begun()
        return True

    def _write_begun(self) -> None:
        invocation = self._identity.current()
        rest = self.pending.pop((get_ident(), invocation), "")
        if rest:
            self._emit(rest, invocation)

    def settle(self, invocation: Invocation) -> None:
        """Write what the invocation, which is over, has left without a newline."""
        for key in [key for key in self.pending.copy() if key[1] is invocation]:
            self._emit(self.pending.pop(key), invocation)

    def _emit(self, text: str, invocation: Invocation | None) -> None:
        parts = text.split("\n") if text.startswith('{"') else [text]
        records = [f"{part}\n" if is_record(part) else self._record(part, invocation) for part in parts]
        self._lines.write(self._descriptor, "".join(records).encode("utf-8", "backslashreplace"))


def is_record(line: str) -> bool:
    """Whether a line is a JSON object, by its ends: to parse all that is logged would cost too much."""
    return line.startswith('{"') and line.endswith("}")
