"""A streaming handler as one that answers whole: for callers that cannot take a stream, and for tests."""

from __future__ import annotations

from aioric.function.aside import import_stdlib
from aioric.function.loader import ASYNC, ASYNC_GENERATOR, kind
from aioric.function.payload import Codec
from aioric.function.pieces import as_bytes
from aioric.function.responses import DELIMITER, HTTP, StreamingResponse
from aioric.function.sources import async_source, is_async, plain_source
from aioric.function.steps import is_stream
from aioric.identity import collecting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from aioric.messages import Streamed

__all__ = ["stream_to_buffer"]


def stream_to_buffer(handler: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The same handler, with its stream collected: deploy it where the caller wants the whole.

        whole = aioric.stream_to_buffer(handler)

    A plain `Invoke` of a streaming handler needs no such thing: the platform collects the stream. What
    this is for are callers that read a status from the answer and cannot be streamed to: a Function URL
    in buffered mode, an Application Load Balancer. A `StreamingResponse` becomes the object that they
    expect; other streams become their bytes; what is no stream stays what it is.

    Args:
        handler: Any of the kinds that aioric serves.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
    """
    if kind(handler) in (ASYNC, ASYNC_GENERATOR):

        async def collect(event: Any, context: Any) -> Any:
            return await _collect_async(handler, event, context)

        return collect

    def collect_plain(event: Any, context: Any) -> Any:
        result = handler(event, context)
        if not is_stream(result):
            return result
        content = result.content if isinstance(result, StreamingResponse) else result
        if is_async(content):
            return _whole_async(result, content)  # the runtime awaits what a plain handler returns
        return _whole(result, _joined(plain_source(content)))

    return collect_plain


async def _collect_async(handler: Callable[[Any, Any], Any], event: Any, context: Any) -> Any:
    collector = Collector()
    token = collecting.set(collector)
    try:
        result = handler(event, context)
        if hasattr(result, "__await__"):
            result = await result
    finally:
        collecting.reset(token)
    if collector.streamed is not None:
        return collector.whole()
    if not is_stream(result):
        return result
    content = result.content if isinstance(result, StreamingResponse) else result
    if is_async(content):
        return await _whole_async(result, content)
    return _whole(result, _joined(plain_source(content)))


async def _whole_async(result: Any, content: Any) -> Any:
    position = 0
    pieces = []
    source = async_source(content)
    async for piece in source:
        position += 1
        pieces.append(as_bytes(piece, position))
    return _whole(result, b"".join(pieces))


def _joined(source: Any) -> bytes:
    return b"".join(as_bytes(piece, position) for position, piece in enumerate(source, start=1))


def _whole(result: Any, body: bytes) -> Any:
    if not isinstance(result, StreamingResponse):
        return body
    return proxy_answer(result.metadata(), body)


def proxy_answer(metadata: dict[str, Any], body: bytes) -> dict[str, Any]:
    """The object that Function URLs, API Gateway and load balancers read an HTTP answer from."""
    try:
        return {**metadata, "body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        encoded = import_stdlib("binascii").b2a_base64(body, newline=False).decode()
        return {**metadata, "body": encoded, "isBase64Encoded": True}


class Collector:
    """Stands in for a lane and its sink, and keeps what is written.

    Attributes:
        streamed: What was opened, or `None`.
        broken: What was raised where it was written.
    """

    def __init__(self) -> None:
        self.streamed: Streamed | None = None
        self.broken: BaseException | None = None
        self.begun = True
        self._pieces: list[bytes] = []

    def open_stream(self, _invocation: object, streamed: Streamed) -> Collector:
        """Take the place of a lane.

        Raises:
            RuntimeError: There is a stream already.
        """
        if self.streamed is not None:
            raise RuntimeError("the answer of this invocation is streamed already")
        self.streamed = streamed
        return self

    def write(self, piece: bytes) -> bool:
        """Take the place of a sink, which always has room."""
        self._pieces.append(piece)
        return False

    async def end(self, _failure: None) -> None:
        """There is nothing to send."""

    def whole(self) -> Any:
        """What was written.

        Raises:
            BaseException: What was raised where it was written, if the handler has let it pass.
        """
        if self.broken is not None:
            raise self.broken
        assert self.streamed is not None  # noqa: S101 - asked once it was opened
        body = b"".join(self._pieces)
        if self.streamed.content_type != HTTP:
            return body
        codec = Codec(ascii_json=True)
        metadata = codec.decode(self.streamed.prelude[: -len(DELIMITER)], "application/json")
        return proxy_answer(metadata, body)
