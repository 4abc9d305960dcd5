"""Streaming handlers that answer whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import aioric

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


def generator(event: Any, _context: Any) -> Iterator[Any]:
    """A handler."""
    yield "a"
    yield event


async def async_generator(event: Any, _context: Any) -> AsyncIterator[Any]:
    """A handler."""
    yield "a"
    yield event


def response(event: Any, _context: Any) -> aioric.StreamingResponse:
    """A handler."""
    return aioric.StreamingResponse(iter(["a", event]), 201, {"x": "1"}, ["c=1"], "text/plain")


async def async_response(event: Any, _context: Any) -> aioric.StreamingResponse:
    """A handler."""
    return aioric.StreamingResponse(async_generator(event, None), 201, {"x": "1"}, ["c=1"], "text/plain")


async def mixed_response(event: Any, context: Any) -> aioric.StreamingResponse:
    """A handler."""
    return response(event, context)


def handing_on(event: Any, _context: Any) -> aioric.StreamingResponse:
    """A handler."""
    return aioric.StreamingResponse(async_generator(event, None), 201, {"x": "1"}, ["c=1"], "text/plain")


async def writer(event: Any, _context: Any) -> None:
    """A handler."""
    async with aioric.open_stream("text/plain", status_code=201, headers={"x": "1"}, cookies=["c=1"]) as out:
        await out.write("a")
        await out.write(event)


async def raw_writer(event: Any, _context: Any) -> None:
    """A handler."""
    async with aioric.open_stream() as out:
        await out.write(event)


def whole(handler: Any, event: Any = b"b") -> Any:
    """What the handler answers, collected."""
    result = aioric.stream_to_buffer(handler)(event, None)
    return asyncio.run(result) if hasattr(result, "__await__") else result


HTTP = [response, async_response, mixed_response, handing_on, writer]


@pytest.mark.parametrize("handler", HTTP, ids=lambda handler: handler.__name__)
def test_an_http_answer_becomes_the_object_that_gateways_read(handler: Any) -> None:
    """Status, headers, cookies and the body as text, whichever way it was streamed."""
    assert whole(handler) == {
        "statusCode": 201,
        "headers": {"x": "1", "content-type": "text/plain; charset=utf-8"},
        "cookies": ["c=1"],
        "body": "ab",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("handler", HTTP, ids=lambda handler: handler.__name__)
def test_a_body_that_is_no_text_is_base64(handler: Any) -> None:
    """Bytes survive the JSON that they travel in."""
    answer = whole(handler, b"\xff")

    assert (answer["body"], answer["isBase64Encoded"]) == ("Yf8=", True)


@pytest.mark.parametrize("handler", [generator, async_generator], ids=["plain", "asynchronous"])
def test_a_raw_stream_becomes_its_bytes(handler: Any) -> None:
    """As a plain `Invoke` would have collected it."""
    assert whole(handler) == b"ab"
    assert whole(raw_writer) == b"b"


async def test_what_is_no_stream_stays_what_it_is() -> None:
    """A handler that sometimes answers whole may be wrapped too."""

    async def answer(event: Any, _context: Any) -> Any:
        return event

    assert aioric.stream_to_buffer(lambda event, _: event)({"a": 1}, None) == {"a": 1}
    assert await aioric.stream_to_buffer(answer)([1], None) == [1]


async def test_errors_stay_errors() -> None:
    """Also those of a writer that swallowed its own, and of a second stream."""

    async def swallows(_event: Any, _context: Any) -> None:
        try:
            async with aioric.open_stream() as out:
                await out.write("a")
                raise ValueError("broken")  # noqa: TRY301 - where it is raised is the point
        except ValueError:
            return

    async def twice(_event: Any, _context: Any) -> None:
        async with aioric.open_stream(), aioric.open_stream():
            pass

    with pytest.raises(ValueError, match="broken"):
        await aioric.stream_to_buffer(swallows)(None, None)
    with pytest.raises(RuntimeError, match="streamed already"):
        await aioric.stream_to_buffer(twice)(None, None)
