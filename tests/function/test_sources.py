"""Where the pieces of a stream come from, one source at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aioric.function.sources import Stepped, async_source, plain_source

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Readable:
    """Has a `read`, and nothing to close."""

    def __init__(self) -> None:
        self.blocks = [b"", b"second", b"first"]

    def read(self, _size: int) -> bytes:
        """Give the next block."""
        return self.blocks.pop()


class AsyncReadable:
    """Has a `read` to be awaited, and nothing to close."""

    def __init__(self) -> None:
        self.blocks = [b"", b"second", b"first"]

    async def read(self, _size: int) -> bytes:
        """Give the next block."""
        return self.blocks.pop()


class Countdown:
    """An asynchronous iterator that is no generator: it can neither be told nor closed."""

    def __init__(self) -> None:
        self.left = 2

    def __aiter__(self) -> Countdown:
        return self

    async def __anext__(self) -> int:
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return self.left


def complete(step: Any) -> Any:
    """Run one step."""

    async def run() -> Any:
        return await step

    return asyncio.run(run())


def test_what_can_be_read_needs_no_close() -> None:
    """Having a `read` makes a file of it."""
    assert list(plain_source(Readable())) == [b"first", b"second"]


async def test_what_can_be_awaited_needs_no_close() -> None:
    """Neither does a file whose `read` is awaited."""
    assert [block async for block in async_source(AsyncReadable())] == [b"first", b"second"]


def test_steps_make_a_plain_iterator() -> None:
    """Without ways to tell or close it, the error is the caller's, and the end is no matter."""
    stepped = Stepped(Countdown(), complete)
    assert list(stepped) == [1, 0]
    reason = KeyError("gone")
    with pytest.raises(KeyError) as raised:
        stepped.throw(reason)
    assert raised.value is reason
    stepped.close()


def test_a_generator_is_told_and_closed_in_steps() -> None:
    """The error is raised at its `yield`, and what it gives after that is given."""
    told: list[BaseException] = []
    ended = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"one"
        except KeyError as error:
            told.append(error)
            yield b"so what"
        finally:
            ended.append(True)

    stepped = Stepped(pieces(), complete)
    reason = KeyError("gone")
    assert next(stepped) == b"one"
    assert stepped.throw(reason) == b"so what"
    stepped.close()
    assert (told, ended) == ([reason], [True])
