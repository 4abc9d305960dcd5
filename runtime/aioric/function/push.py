"""A stream that a handler writes, for libraries that want something to write to."""

from __future__ import annotations

from aioric.errors import PeerGone
from aioric.function.payload import Codec
from aioric.function.pieces import as_bytes
from aioric.function.responses import StreamingResponse
from aioric.function.streaming import RAW
from aioric.identity import collecting, serving
from aioric.messages import Streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Any

__all__ = ["StreamWriter", "open_stream"]


def open_stream(
    content_type: str | None = None,
    *,
    status_code: int | None = None,
    headers: Mapping[str, str | Iterable[str]] | None = None,
    cookies: Iterable[str] | None = None,
) -> Opening:
    """Answer the current invocation with what is written, from an `async def` handler.

        async with aioric.open_stream() as out:
            await out.write(b"...")

    The stream ends with the block; what follows in the handler runs when the caller has had all of it, and
    before the next invocation. If the block raises before anything was written, that is an ordinary error.

    Args:
        content_type: Of the whole; `application/octet-stream` if not given.
        status_code: For Function URLs and API Gateway, as for `StreamingResponse`, are this and the rest.
        headers: Values by name.
        cookies: Each becomes a `Set-Cookie` header.

    Raises:
        InvalidStream: A status, header or cookie that cannot be sent.
        RuntimeError: On entry: no invocation is being served here on an event loop, or its answer is
            being streamed already.
    """
    if status_code is None and headers is None and cookies is None:
        return Opening(Streamed(content_type or RAW, b"", None))
    response = StreamingResponse(None, status_code or 200, headers, cookies, content_type)
    return Opening(Streamed(*response.begin(Codec(ascii_json=True).encode_text), None))


class Opening:
    """A stream to be; enter it to write.

    Args:
        streamed: What is known of it.
    """

    __slots__ = ("_streamed", "_writer")

    def __init__(self, streamed: Streamed) -> None:
        self._streamed = streamed

    async def __aenter__(self) -> StreamWriter:
        invocation = serving.get()
        lane = collecting.get() or (None if invocation is None else invocation.lane)
        if lane is None:
            raise RuntimeError(
                "open_stream() works in an async def handler while it serves an invocation; "
                "a def handler can be a generator, or return a StreamingResponse"
            )
        self._writer: StreamWriter = StreamWriter(lane.open_stream(invocation, self._streamed))
        return self._writer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._writer.finish(error)


class StreamWriter:
    """Where to write.

    Args:
        sink: The driver's end.
    """

    __slots__ = ("_closed", "_position", "_sink")

    def __init__(self, sink: Any) -> None:
        self._sink = sink
        self._position = 0
        self._closed = False

    async def write(self, piece: bytes | str) -> None:
        """Send a piece; waits while the peer is slow. The first one brings the head, also an empty one.

        Raises:
            InvalidStream: It is neither bytes nor text.
            PeerGone: Nobody takes it.
            RuntimeError: The stream is closed.
        """
        if self._closed:
            raise RuntimeError("the stream is closed")
        self._position += 1
        data = piece if type(piece) is bytes else as_bytes(piece, self._position)
        sink = self._sink
        if not sink.begun:
            await sink.begin()
        if sink.write(data):
            await sink.room()

    async def finish(self, error: BaseException | None) -> None:
        """End the stream, unless an error was raised; the driver then ends it, when it knows more."""
        self._closed = True
        if error is None:
            await self._sink.end(None)
        elif not isinstance(error, PeerGone):
            self._sink.broken = error
