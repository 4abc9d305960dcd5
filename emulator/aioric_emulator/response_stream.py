"""A streamed answer for a test or a program in this process: its pieces as they come, and its result."""

from __future__ import annotations

import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import anyio

from aioric_emulator.relay import MAX_STREAM
from aioric_emulator.results import MIB, InvokeRejectedError, InvokeResult, Report
from aioric_emulator.streamed_call import RelayedCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from anyio.from_thread import BlockingPortal

    from aioric_emulator.messages import Ending, Invocation, Outcome, Rejection

__all__ = ["ResponseStream", "SyncResponseStream"]

# What may wait for a reader, in bytes, before the runtime has to.
ROOM = 1024 * 1024
DELIMITER = b"\0" * 8


class ResponseStream(RelayedCall):
    """The pieces of one answer, to be read once: `async for piece in stream`.

    An error in the middle does not raise: the pieces end, and `result` tells of it, as the SDKs do. The
    function is held up while more than a mebibyte waits to be read. `times_ms` says when each piece came, in
    milliseconds since the call.
    """

    wants_logs = True

    def __init__(self) -> None:
        super().__init__()
        self.content_type = ""
        self.times_ms: list[float] = []
        self._started = time.perf_counter()
        self._taken: list[bytes] = []
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._news = anyio.Event()
        self._request_id = ""
        self._end_of_pieces: Outcome | None = None
        self._report: Report | None = None
        self._rejection: Rejection | None = None
        self._lines: list[str] = []

    def open(self, invocation: Invocation) -> None:
        """Take note of the invocation that this is the answer to, and of what a stream may hold."""
        invocation.response_limit = MAX_STREAM
        self._request_id = invocation.request_id

    # What its reader calls…

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = await self.next_piece()
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def next_piece(self) -> bytes | None:
        """Wait for the next piece; None at the end. Raises `InvokeRejectedError`."""
        while not self._waiting:
            if self._rejection is not None:
                raise InvokeRejectedError(self._rejection)
            if self._end_of_pieces is not None and self._report is not None:
                return None
            self._news = anyio.Event()
            await self._news.wait()
        piece = self._waiting.popleft()
        self._size -= len(piece)
        self._taken.append(piece)
        if self._size < ROOM:
            self._room(has_room=True)
        return piece

    async def result(self) -> InvokeResult:
        """Read what is left; give the whole answer, or the error that ended it, with its logs and figures."""
        while await self.next_piece() is not None:
            continue
        outcome, report = self._end_of_pieces, self._report
        assert outcome is not None  # noqa: S101 - there was a last piece
        assert report is not None  # noqa: S101 - likewise
        error = "Unhandled" if outcome.is_error else None
        raw = outcome.body if outcome.is_error else b"".join(self._taken)
        return InvokeResult(self._request_id, raw, self.content_type, error, report, self._lines)

    @property
    def pieces(self) -> list[bytes]:
        """The pieces that were read so far."""
        return list(self._taken)

    @property
    def metadata(self) -> dict[str, Any]:
        """Status, headers and cookies of an HTTP answer, as far as they were read; empty without them."""
        prelude, delimiter, _ = b"".join(self._taken).partition(DELIMITER)
        found: dict[str, Any] = json.loads(prelude) if delimiter else {}
        return found

    @property
    def body(self) -> bytes:
        """What was read so far, without the metadata of an HTTP answer."""
        first, delimiter, rest = b"".join(self._taken).partition(DELIMITER)
        return rest if delimiter else first

    # …and its invocation.

    def begin(self, content_type: str) -> None:
        """Take the head."""
        self.content_type = content_type

    def piece(self, data: bytes) -> bool:
        """Keep a piece for the reader."""
        self.times_ms.append((time.perf_counter() - self._started) * 1000)
        self._waiting.append(data)
        self._size += len(data)
        self._news.set()
        return self._size < ROOM

    def complete(self, outcome: Outcome, *, was_relayed: bool) -> None:
        """Take the end, and the whole answer if it was not streamed."""
        if not was_relayed and not outcome.is_error:
            self.begin(outcome.content_type)
            self.piece(outcome.body)
        self._end_of_pieces = outcome
        self._news.set()

    def finished(self, ending: Ending, max_memory: int) -> None:
        """Take the figures."""
        super().finished(ending, max_memory)
        init = None if ending.init_duration is None else ending.init_duration * 1000
        duration, memory = ending.duration * 1000, max_memory / MIB
        self._report = Report(duration, memory, init, ending.status, ending.error_type)
        self._news.set()

    def rejected(self, rejection: Rejection) -> None:
        """Have the reader told."""
        self._rejection = rejection
        self._news.set()

    def logged(self, line: str, *, is_platform: bool) -> None:
        """Keep what the function itself wrote."""
        if not is_platform:
            self._lines.append(line)


class SyncResponseStream:
    """A `ResponseStream` for code without an event loop: `for piece in stream`."""

    def __init__(self, stream: ResponseStream, portal: BlockingPortal) -> None:
        self._stream = stream
        self._portal = portal

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = self._portal.call(self._stream.next_piece)
        if piece is None:
            raise StopIteration
        return piece

    def result(self) -> InvokeResult:
        """Read what is left; see `ResponseStream.result`."""
        return self._portal.call(self._stream.result)

    @property
    def content_type(self) -> str:
        """The content type, once the first piece is there."""
        return self._stream.content_type

    @property
    def times_ms(self) -> list[float]:
        """When each piece came, in milliseconds since the call."""
        return self._stream.times_ms

    @property
    def pieces(self) -> list[bytes]:
        """The pieces that were read so far."""
        return self._stream.pieces

    @property
    def metadata(self) -> dict[str, Any]:
        """Status, headers and cookies of an HTTP answer, as far as they were read; empty without them."""
        return self._stream.metadata

    @property
    def body(self) -> bytes:
        """What was read so far, without the metadata of an HTTP answer."""
        return self._stream.body
