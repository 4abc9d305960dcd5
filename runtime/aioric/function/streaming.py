"""From what a handler returned to the streamed answer that a driver sends."""

from __future__ import annotations

from aioric.function.payload import encode_utf8
from aioric.function.pieces import AsyncPieces, Pieces
from aioric.function.responses import StreamingResponse
from aioric.function.sources import Stepped, async_source, at_once, is_async, is_at_hand, plain_source
from aioric.messages import MAX_BRIEF, Streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Any

    from aioric.function.payload import Codec
    from aioric.messages import Failed

# What Node's client sends, and what the platform assumes.
RAW = "application/octet-stream"

_SHOWN = 80  # characters of an error's type, at most


def plain_stream(
    result: Any,
    codec: Codec,
    fail: Callable[[BaseException], Failed],
    complete: Callable[[Any], Any],
) -> Streamed:
    """The streamed answer of a handler that runs without an event loop.

    Args:
        result: What the handler returned.
        codec: Writes the prelude.
        fail: Logs a failure and describes it.
        complete: Runs one step of an asynchronous source.

    Raises:
        InvalidStream: It cannot be streamed; the message says why.
    """
    content, streamed = _open(result, codec)
    source: Iterator[Any] = (
        Stepped(async_source(content), complete) if is_async(content) else plain_source(content)
    )
    streamed.pieces = Pieces(source, fail)
    return streamed


def async_stream(result: Any, codec: Codec, fail: Callable[[BaseException], Failed]) -> Streamed:
    """The streamed answer of a handler on an event loop; a source that may block gets a thread.

    Raises:
        InvalidStream: It cannot be streamed; the message says why.
    """
    content, streamed = _open(result, codec)
    source: AsyncIterator[Any]
    if is_async(content):
        source = async_source(content)
    elif is_at_hand(content):
        source = at_once(plain_source(content))
    else:
        from aioric.function.threaded import Threaded  # noqa: PLC0415 - few sources need one

        source = Threaded(plain_source(content))
    streamed.pieces = AsyncPieces(source, fail)
    return streamed


def _open(result: Any, codec: Codec) -> tuple[Any, Streamed]:
    if not isinstance(result, StreamingResponse):
        return result, Streamed(RAW, b"", None)
    content_type, prelude = result.begin(codec.encode_text)
    return result.content, Streamed(content_type, prelude, None, result.keep_alive)


def shortened(body: bytes, codec: Codec) -> bytes:
    """An error object in `MAX_BRIEF` bytes: calls in the middle of the stack go first, then the message."""
    error = codec.decode(body, "application/json")
    stack = error["stackTrace"]
    while len(body := encode_utf8(codec.encode_text(error))) > MAX_BRIEF and len(stack) > 1:
        keep = len(stack) // 2
        error["stackTrace"] = stack = [*stack[: keep // 2], *stack[keep // 2 - keep :]]
    while len(body) > MAX_BRIEF:
        error["stackTrace"] = []
        error["errorType"] = error["errorType"][:_SHOWN]
        error["errorMessage"] = error["errorMessage"][: len(error["errorMessage"]) // 2]
        body = encode_utf8(codec.encode_text(error))
    return body
