"""Server-sent events: what a handler yields, as the lines that a browser's EventSource reads.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from aioric.errors import InvalidStream
from aioric.function.responses import StreamingResponse
from aioric.function.sources import async_source, is_async, plain_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
    from typing import Any

__all__ = ["ServerSentEvent", "ServerSentEvents"]

PING = b": ping\n\n"
_FIELDS = frozenset(("data", "event", "id", "retry", "comment"))


class ServerSentEvent:
    """One event.

    Args:
        data: What it says; may have several lines.
        event: Its type; without one it is a `message`.
        id: What a browser that reconnects sends back as `Last-Event-ID`.
        retry: How long a browser waits before it reconnects, in milliseconds.
        comment: A line that clients ignore.
    """

    __slots__ = ("comment", "data", "event", "id", "retry")

    def __init__(
        self,
        data: str | None = None,
        event: str | None = None,
        id: str | None = None,  # noqa: A002 - the field's own name
        retry: int | None = None,
        comment: str | None = None,
    ) -> None:
        self.data = data
        self.event = event
        self.id = id
        self.retry = retry
        self.comment = comment

    def encode(self, position: int = 1) -> bytes:
        """The event's lines, and the empty one that ends it.

        Raises:
            InvalidStream: A field cannot be sent; `position` (from 1) says of which event.
        """
        lines = [f": {line}" for line in _lines(self.comment, "comment", position)]
        for name in ("event", "id"):
            value = getattr(self, name)
            if value is not None:
                lines.append(f"{name}: {_single(value, name, position)}")
        if self.retry is not None:
            if not isinstance(self.retry, int) or isinstance(self.retry, bool) or self.retry < 0:
                raise InvalidStream(f"The retry of event {position} must be milliseconds, not {self.retry!r}")
            lines.append(f"retry: {self.retry:d}")
        lines += [f"data: {line}" for line in _lines(self.data, "data", position)]
        return "".join(f"{line}\n" for line in [*lines, ""]).encode()


class ServerSentEvents(StreamingResponse):
    """A stream of server-sent events, for Function URLs and API Gateway.

    Args:
        source: Gives the events, as `StreamingResponse` takes its content: each is a
            `ServerSentEvent`, a dict of its fields, or a `str` with the data.
        ping: After how many seconds without an event a comment is sent, so that nobody on the way takes
            the connection for dead; `None` for never. API Gateway's limit is 30 seconds at an edge.
        status_code: As for `StreamingResponse`.
        headers: As for `StreamingResponse`.
        cookies: As for `StreamingResponse`.

    Raises:
        InvalidStream: A status, header, cookie or `ping` that cannot be.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
    """

    def __init__(
        self,
        source: Any,
        ping: float | None = 15,
        status_code: int = 200,
        headers: Mapping[str, str | Iterable[str]] | None = None,
        cookies: Iterable[str] | None = None,
    ) -> None:
        usual = {"content-type": "text/event-stream", "cache-control": "no-cache"}
        given = dict(headers or {})
        names = {name.lower() for name in given if isinstance(name, str)}
        usual = {name: value for name, value in usual.items() if name not in names}
        content = AsyncEvents(async_source(source)) if is_async(source) else Events(_events_of(source))
        super().__init__(content, status_code, {**usual, **given}, cookies)
        if ping is not None:
            if not isinstance(ping, int | float) or isinstance(ping, bool) or not ping > 0:
                raise InvalidStream(f"ping must be a number of seconds above 0, or None, not {ping!r}")
            self.keep_alive = (float(ping), PING)


class Events:
    """Events of a plain source, encoded.

    Args:
        source: Gives the events.
    """

    __slots__ = ("_position", "_source")

    def __init__(self, source: Iterator[Any]) -> None:
        self._source: Any = source
        self._position = 0

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> bytes:
        return self._encode(next(self._source))

    def throw(self, reason: BaseException) -> bytes:
        """Raise an error where the source stands."""
        if not hasattr(self._source, "throw"):
            raise reason
        return self._encode(self._source.throw(reason))

    def close(self) -> None:
        """End the source."""
        if hasattr(self._source, "close"):
            self._source.close()

    def _encode(self, item: Any) -> bytes:
        self._position += 1
        return as_event(item, self._position).encode(self._position)


class AsyncEvents:
    """Events of an asynchronous source, encoded.

    Args:
        source: Gives the events.
    """

    __slots__ = ("_position", "_source")

    def __init__(self, source: AsyncIterator[Any]) -> None:
        self._source: Any = source
        self._position = 0

    def __aiter__(self) -> AsyncEvents:
        return self

    async def __anext__(self) -> bytes:
        return self._encode(await self._source.__anext__())

    async def athrow(self, reason: BaseException) -> bytes:
        """Raise an error where the source stands."""
        if not hasattr(self._source, "athrow"):
            raise reason
        return self._encode(await self._source.athrow(reason))

    async def aclose(self) -> None:
        """End the source."""
        if hasattr(self._source, "aclose"):
            await self._source.aclose()

    def _encode(self, item: Any) -> bytes:
        self._position += 1
        return as_event(item, self._position).encode(self._position)


def as_event(item: Any, position: int) -> ServerSentEvent:
    """What a source gave, as an event.

    Raises:
        InvalidStream: It is none; `position` (from 1) says which one.
    """
    if isinstance(item, ServerSentEvent):
        return item
    if isinstance(item, str):
        return ServerSentEvent(item)
    if isinstance(item, dict):
        unknown = [name for name in item if name not in _FIELDS]
        if not unknown:
            return ServerSentEvent(**item)
        raise InvalidStream(f"Event {position} has fields that events do not have: {unknown!r}")
    raise InvalidStream(
        f"Event {position} of the stream is of type {type(item).__name__}; give a str, a dict of fields or a "
        "ServerSentEvent"
    )


def _events_of(source: Any) -> Iterator[Any]:
    """A list is gone through event by event; what is one event by itself is one."""
    if isinstance(source, list | tuple):
        return iter(source)
    return iter((source,)) if isinstance(source, str) else plain_source(source)


def _lines(text: Any, name: str, position: int) -> list[str]:
    """The lines of a field; only CR, LF and both together end one, unlike in `str.splitlines`."""
    if text is None:
        return []
    if not isinstance(text, str):
        raise InvalidStream(f"The {name} of event {position} must be a str, not {type(text).__name__}")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _single(value: Any, name: str, position: int) -> str:
    if not isinstance(value, str) or any(character in value for character in "\r\n\0"):
        raise InvalidStream(f"The {name} of event {position} must be a str in one line, not {value!r}")
    return value
