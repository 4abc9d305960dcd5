"""Lifespans that do not come to their `yield`, within this process; the rest is in tests/lifecycle."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aioric.errors import LifespanFailed
from aioric.function.hooks import Hooks
from aioric.function.lifespans import Lifespans
from tests.lifecycle.journals import Lines, journal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


def silent() -> Iterator[None]:
    """Yield nothing."""
    yield from ()


async def silent_async() -> AsyncIterator[None]:
    """Yield nothing, asynchronously."""
    nothing: tuple[None, ...] = ()
    for each in nothing:
        yield each


@pytest.mark.parametrize("function", [silent, silent_async])
def test_a_lifespan_that_does_not_yield_fails(function: Callable[[], Any]) -> None:
    """It is named, and so is what it left out."""
    hooks = Hooks()
    hooks.lifespans.append(function)
    with asyncio.Runner() as runner:
        lifespans = Lifespans(hooks, journal(Lines()), runner.run)
        with pytest.raises(LifespanFailed) as caught:
            lifespans.enter()

    assert caught.value.message.endswith(f"{function.__name__} failed: RuntimeError: it did not yield")
