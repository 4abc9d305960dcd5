"""The pieces of a stream as bytes, one by one, and what goes wrong between them.

They pour until there are no more, or something goes wrong on either side. The source is always ended: run
to its end, or told why not at the `yield` where it stands, and then closed.
"""

from __future__ import annotations

from aioric.errors import InvalidStream
from aioric.function.responses import StreamingResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from typing import Any

    from aioric.messages import Failed

_SHOWN = 80  # characters of a value in a message


class Pieces:
    """The pieces of a plain iterator.

    Args:
        source: Gives the pieces.
        fail: Logs a failure and describes it.

    Attributes:
        fail: The same.
    """

    __slots__ = ("_source", "_take", "fail")

    def __init__(self, source: Iterator[Any], fail: Callable[[BaseException], Failed]) -> None:
        self._source = source
        self._take = source.__next__
        self.fail = fail

    def pour(self, write: Callable[[bytes], object]) -> Failed | None:
        """Give each piece to `write`; returns the failure that ended them, or `None` at their end.

        Raises:
            Exception: What `write` raises; `stop` has to be called then.
        """
        take, position = self._take, 0
        while True:
            try:
                piece = take()
                position += 1
                if type(piece) is not bytes:
                    piece = as_bytes(piece, position)
            except StopIteration:
                return self._end(None)
            except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
                return self._end(error)
            write(piece)

    def stop(self, reason: Exception) -> None:
        """Tell the source that nobody takes any more, where it stands, and end it."""
        throw = getattr(self._source, "throw", None)
        if throw is not None:
            try:
                throw(reason)
            except StopIteration:
                pass
            except Exception as raised:  # noqa: BLE001 - whatever the function makes of it
                if raised is not reason:
                    self.fail(raised)
        self._end(None)

    def _end(self, error: Exception | None) -> Failed | None:
        close = getattr(self._source, "close", None)
        try:
            if close is not None:
                close()
        except Exception as raised:  # noqa: BLE001 - a `finally` of the function's
            error = error or raised
        return None if error is None else self.fail(error)


class AsyncPieces:
    """The pieces of an asynchronous iterator; otherwise as `Pieces`."""

    __slots__ = ("_source", "_take", "fail")

    def __init__(self, source: AsyncIterator[Any], fail: Callable[[BaseException], Failed]) -> None:
        self._source = source
        self._take = source.__anext__
        self.fail = fail

    async def pour(
        self,
        begin: Callable[[], Awaitable[None]],
        write: Callable[[bytes], bool],
        room: Callable[[], Awaitable[None]],
    ) -> Failed | None:
        """Give each piece to `write`, which says whether to wait for `room`; otherwise as `Pieces`.

        Before the first piece, `begin` is awaited.
        """
        take, position = self._take, 0
        while True:
            try:
                piece = await take()
                position += 1
                if type(piece) is not bytes:
                    piece = as_bytes(piece, position + getattr(self._source, "joined", 0))
            except StopAsyncIteration:
                return await self._end(None)
            except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
                return await self._end(error)
            if position == 1:
                await begin()
            if write(piece):
                await room()

    async def stop(self, reason: Exception) -> None:
        """Tell the source that nobody takes any more, where it stands, and end it."""
        throw = getattr(self._source, "athrow", None)
        if throw is not None:
            try:
                await throw(reason)
            except StopAsyncIteration:
                pass
            except Exception as raised:  # noqa: BLE001 - whatever the function makes of it
                if raised is not reason:
                    self.fail(raised)
        await self._end(None)

    async def _end(self, error: Exception | None) -> Failed | None:
        close = getattr(self._source, "aclose", None)
        try:
            if close is not None:
                await close()
        except Exception as raised:  # noqa: BLE001 - a `finally` of the function's
            error = error or raised
        return None if error is None else self.fail(error)


def as_bytes(piece: Any, position: int) -> bytes:
    """A piece as it goes on the wire.

    Raises:
        InvalidStream: It is neither bytes nor text, and `position` (from 1) says which one.
    """
    if isinstance(piece, str):
        try:
            return piece.encode()
        except UnicodeEncodeError as error:
            raise InvalidStream(f"Piece {position} of the stream cannot be sent as UTF-8: {error}") from None
    if isinstance(piece, bytes | bytearray | memoryview):
        return bytes(piece)
    if isinstance(piece, StreamingResponse):
        raise InvalidStream(
            f"Piece {position} of the stream is a {type(piece).__name__}: status, headers and cookies go "
            "before the first piece; return it from the handler instead"
        )
    shown = repr(piece)
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    raise InvalidStream(
        f"Piece {position} of the stream is of type {type(piece).__name__}, and only bytes and str can be "
        f"streamed: {shown}"
    )
