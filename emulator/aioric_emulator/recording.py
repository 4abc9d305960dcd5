"""A recording of invocations, one line of JSON each: `aioric dev --record` writes, `aioric replay` reads it.

It holds events, client contexts and answers as they were, with every secret that was in them; no variables
and no log. So only its owner may read the file.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aioric_emulator.messages import MAX_PAYLOAD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from aioric_emulator.messages import Invocation, Outcome

__all__ = ["Recorded", "Recorder", "RecordingError", "read_recording"]

OWNER_ONLY = 0o600


class RecordingError(ValueError):
    """A file that is no recording; the message names the line."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One invocation of a recording. A streamed answer is not kept: it went by in pieces."""

    function: str
    event: str
    answer: str
    is_error: bool
    is_stream: bool
    client_context: str
    tenant_id: str


class Recorder:
    """Appends invocations to a file, each when it is answered. Raises `OSError` on entering.

    Where no more can be written, `tell` is told, and nothing more is recorded; what is there stays whole.
    """

    def __init__(self, path: Path, tell: Callable[[str], object]) -> None:
        self._path = path
        self._tell = tell
        self._is_recording = True

    def __enter__(self) -> Self:
        opened = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY)
        self._file = os.fdopen(opened, "ab", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def answered(self, function: str, invocation: Invocation, outcome: Outcome) -> None:
        """Write an invocation down."""
        if not self._is_recording:
            return
        is_stream = invocation.response_limit > MAX_PAYLOAD
        record: dict[str, Any] = {
            "time": round(time.time(), 3),
            "id": invocation.request_id,
            "function": function,
            "event": invocation.payload.decode("utf-8", "surrogateescape"),
            "answer": "" if is_stream else outcome.body.decode("utf-8", "surrogateescape"),
            "is_error": outcome.is_error,
            "is_stream": is_stream,
            "client_context": invocation.client_context,
            "tenant_id": invocation.tenant_id,
        }
        begin = os.fstat(self._file.fileno()).st_size
        try:
            self._write(json.dumps(record).encode() + b"\n")
        except OSError as error:
            self._is_recording = False
            with suppress(OSError):  # a pipe has no length
                self._file.truncate(begin)
            self._tell(f"Nothing more is recorded in {self._path}: {error.strerror}")

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]


def read_recording(path: Path) -> list[Recorded]:
    """Give the invocations of a file. Raises `RecordingError`, or `OSError` where it cannot be read."""
    found = []
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        try:
            record = json.loads(line)
            facts = {name: record[name] for name in Recorded.__slots__}
            is_one = all(isinstance(fact, bool if name[:3] == "is_" else str) for name, fact in facts.items())
            facts["event"].encode("utf-8", "surrogateescape")
        except (ValueError, LookupError, TypeError, AttributeError):
            is_one = False
        if not is_one:
            raise RecordingError(f"{path}, line {number}: no invocation as `aioric dev --record` writes it")
        found.append(Recorded(**facts))
    return found
