"""Server-sent events, line by line, as the HTML standard reads them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aioric.errors import InvalidStream
from aioric.function.events import AsyncEvents, Events, ServerSentEvent, ServerSentEvents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (ServerSentEvent("a"), b"data: a\n\n"),
        (ServerSentEvent(""), b"data: \n\n"),
        (ServerSentEvent("a\nb\rc\r\nd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (ServerSentEvent("a\u2028b\x0bc\x85d"), "data: a\u2028b\x0bc\x85d\n\n".encode()),
        (ServerSentEvent(comment="a\nb"), b": a\n: b\n\n"),
        (ServerSentEvent("a", event="e", id="", retry=0), b"event: e\nid: \nretry: 0\ndata: a\n\n"),
    ],
)
def test_an_event_is_these_lines(event: ServerSentEvent, lines: bytes) -> None:
    """CR, LF and both together end a line, and nothing else does."""
    assert event.encode() == lines


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (5, "Event 2 of the stream is of type int"),
        ({"data": "a", "name": "b"}, r"Event 2 has fields that events do not have: \['name'\]"),
        ({"data": b"a"}, "data of event 2 must be a str, not bytes"),
        ({"event": "a\nb"}, "event of event 2 must be a str in one line"),
        ({"id": "a\0b"}, "id of event 2 must be a str in one line"),
        ({"retry": -1}, "retry of event 2 must be milliseconds"),
        ({"retry": True}, "retry of event 2 must be milliseconds"),
        ({"retry": "1"}, "retry of event 2 must be milliseconds"),
    ],
)
def test_a_bad_event_is_named_with_its_position(item: Any, message: str) -> None:
    """Which one it was, and what is wrong with it."""
    events = Events(iter(["fine", item]))
    assert next(events) == b"data: fine\n\n"

    with pytest.raises(InvalidStream, match=message):
        next(events)


@pytest.mark.parametrize("ping", [0, -1, "5", True, float("nan")])
def test_a_ping_is_a_number_of_seconds(ping: Any) -> None:
    """Anything else is refused at once."""
    with pytest.raises(InvalidStream, match="ping must be a number"):
        ServerSentEvents([], ping=ping)


def test_headers_of_ones_own_come_first() -> None:
    """What the function says of caching stands; what it does not say is what browsers need."""
    response = ServerSentEvents("one", ping=None, headers={"Cache-Control": "no-store"})

    assert response.headers == {"content-type": "text/event-stream", "Cache-Control": "no-store"}
    assert response.keep_alive is None
    assert list(response.content) == [b"data: one\n\n"]


def test_a_source_hears_what_happens_to_its_events() -> None:
    """Errors and the end reach the generator within, and events that it answers with are encoded."""
    seen: list[str] = []

    def source() -> Iterator[str]:
        try:
            try:
                yield "a"
            except LookupError:
                yield "b"
        finally:
            seen.append("closed")

    events = Events(source())
    assert next(iter(events)) == b"data: a\n\n"
    assert events.throw(LookupError()) == b"data: b\n\n"
    events.close()
    assert seen == ["closed"]

    plain = Events(iter(["a"]))
    plain.close()
    with pytest.raises(LookupError):
        plain.throw(LookupError())


async def test_an_asynchronous_source_hears_it_too() -> None:
    """The same, awaited."""
    seen: list[str] = []

    async def source() -> AsyncIterator[str]:
        try:
            try:
                yield "a"
            except LookupError:
                yield "b"
        finally:
            await asyncio.sleep(0)
            seen.append("closed")

    class Plain:
        async def __anext__(self) -> str:
            return "a"

    events = AsyncEvents(source())
    assert await anext(aiter(events)) == b"data: a\n\n"
    assert await events.athrow(LookupError()) == b"data: b\n\n"
    await events.aclose()
    assert seen == ["closed"]

    plain: Any = Plain()
    await AsyncEvents(plain).aclose()
    with pytest.raises(LookupError):
        await AsyncEvents(plain).athrow(LookupError())
