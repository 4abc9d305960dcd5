"""Where the pieces of a stream come from: iterators of either kind, files, and what is made already."""

from __future__ import annotations

from aioric.errors import InvalidStream
from aioric.function.pieces import as_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from typing import Any

BLOCK = 64 * 1024  # bytes, to read from a file-like object, or to send of what is at hand, at once


def is_async(content: Any) -> bool:
    """Whether content is to be awaited."""
    return hasattr(type(content), "__aiter__") or hasattr(type(content), "__anext__")


def is_at_hand(content: Any) -> bool:
    """Whether going through content takes no time: it has been made."""
    return isinstance(content, str | bytes | bytearray | memoryview | list | tuple)


def plain_source(content: Any) -> Iterator[Any]:
    """Content as an iterator.

    Raises:
        InvalidStream: There is no way to go through it.
    """
    if is_at_hand(content):
        return _joined(content if isinstance(content, list | tuple) else (content,))
    if callable(getattr(content, "read", None)):
        return _blocks(content)
    if isinstance(content, dict) or not hasattr(type(content), "__iter__"):
        raise InvalidStream(f"A {type(content).__name__} cannot be streamed; give bytes, str, or an iterator")
    return iter(content)


def async_source(content: Any) -> AsyncIterator[Any]:
    """Asynchronous content as an iterator."""
    if callable(getattr(content, "read", None)):
        return _async_blocks(content)
    source: AsyncIterator[Any] = content.__aiter__() if hasattr(type(content), "__aiter__") else content
    return source


def _blocks(file: Any) -> Iterator[Any]:
    try:
        while block := file.read(BLOCK):
            yield block
    finally:
        close = getattr(file, "close", None)
        if close is not None:
            close()


async def _async_blocks(file: Any) -> AsyncIterator[Any]:
    try:
        while block := await file.read(BLOCK):
            yield block
    finally:
        close = getattr(file, "aclose", None) or getattr(file, "close", None)
        closing: Any = close() if close is not None else None
        if hasattr(closing, "__await__"):
            await closing


def _joined(content: Iterable[Any]) -> Iterator[bytes]:
    """What is made already, in blocks: it travels together."""
    block: list[bytes] = []
    size = 0
    try:
        for position, piece in enumerate(content, start=1):
            data = as_bytes(piece, position)
            if block and size + len(data) > BLOCK:
                yield b"".join(block)
                block, size = [], 0
            block.append(data)
            size += len(data)
    except InvalidStream:
        if block:
            yield b"".join(block)
        raise
    yield b"".join(block)


async def at_once(source: Iterator[Any]) -> AsyncIterator[Any]:
    """A plain iterator that never blocks, as an asynchronous one."""
    for piece in source:
        yield piece


class Stepped:
    """An asynchronous iterator, step by step as a plain one.

    Args:
        source: The iterator.
        complete: Runs one step of it.
    """

    __slots__ = ("_complete", "_source")

    def __init__(self, source: AsyncIterator[Any], complete: Callable[[Any], Any]) -> None:
        self._source: Any = source
        self._complete = complete

    def __iter__(self) -> Stepped:
        return self

    def __next__(self) -> Any:
        return self._step(self._source.__anext__())

    def throw(self, reason: Exception) -> Any:
        """Raise an error where the iterator stands."""
        if hasattr(self._source, "athrow"):
            return self._step(self._source.athrow(reason))
        raise reason

    def close(self) -> None:
        """End the iterator."""
        if hasattr(self._source, "aclose"):
            self._step(self._source.aclose())

    def _step(self, step: Any) -> Any:
        try:
            return self._complete(step)
        except StopAsyncIteration:
            raise StopIteration from None
