"""The decorators, and the order of what they register."""

from __future__ import annotations

import asyncio

import pytest

from aioric.errors import LifespanFailed
from aioric.function import hooks
from aioric.function.hooks import Hooks, name_of
from aioric.function.lifespans import Lifespans
from tests.lifecycle.journals import Lines, journal


def test_a_lifespan_is_a_generator_function() -> None:
    """Anything else is refused by name, where it is decorated."""

    def plain() -> None: ...

    for wrong in (plain, 3):
        with pytest.raises(TypeError, match="needs a function with a yield in it"):
            hooks.lifespan(wrong)  # type: ignore[type-var]  # that is the point


def test_a_name_is_what_a_reader_would_search_for() -> None:
    """Module and qualified name; of an object without them, its type."""
    assert name_of(asyncio.sleep) == "asyncio.tasks.sleep"
    assert name_of(object()).endswith("object")


def test_a_lifespan_that_yields_twice_is_told_of() -> None:
    """A second `yield` is a failure of the exit, for both kinds."""
    registered, lines = Hooks(), Lines()

    def twice():  # type: ignore[no-untyped-def]  # noqa: ANN202 - as users write them
        yield 1
        yield 2

    async def twice_async():  # type: ignore[no-untyped-def]  # noqa: ANN202 - likewise
        yield None
        yield None

    async def never():  # type: ignore[no-untyped-def]  # noqa: ANN202 - likewise
        if registered is None:
            yield  # type: ignore[unreachable]  # that is the point

    async def refused():  # type: ignore[no-untyped-def]  # noqa: ANN202 - likewise
        raise ConnectionRefusedError
        yield  # type: ignore[unreachable]  # that is the point

    with asyncio.Runner() as runner:
        for function in (never, refused):
            registered.lifespans = [function]
            with pytest.raises(LifespanFailed, match=f"{function.__name__} failed"):
                Lifespans(registered, journal(lines), runner.run).enter()
        registered.lifespans = [twice_async, twice]
        spans = Lifespans(registered, journal(lines), runner.run)
        with pytest.raises(LifespanFailed, match="yields int"):
            spans.enter()
        spans.leave(1.0, lambda call, _: call())

    assert [("yields a second time" in line) for line in lines.lines] == [True, True]


def test_a_lifespan_whose_task_has_failed_is_told_of_at_the_end() -> None:
    """What has ended by itself is reported when it would have been left."""
    registered, lines = Hooks(), Lines()

    async def fragile():  # type: ignore[no-untyped-def]  # noqa: ANN202 - as users write them
        try:
            async with asyncio.timeout(0.01):
                yield None
        finally:
            lines.lines.append("finally")

    registered.lifespans = [fragile]
    with asyncio.Runner() as runner:
        spans = Lifespans(registered, journal(lines), runner.run)
        spans.enter()
        runner.run(asyncio.sleep(0.05))
        spans.leave(1.0, lambda call, _: call())

    assert registered.state is None
    assert lines.lines == ["finally"]
