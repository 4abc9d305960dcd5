"""The pytest plugin: functions on a local Lambda, or in this process, for one test.

Loaded by every pytest of an environment that aioric is installed in; so nothing heavy is imported before
a fixture is used.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aioric_emulator.emulator import Emulator
    from aioric_emulator.in_process import LocalFunction
    from aioric_emulator.sync_emulator import SyncEmulator

MARK = "cold_start(max_ms=None, forbid=()): what the functions of this test may take to start, and not import"


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", MARK)


@pytest.fixture
def aioric_function(request: pytest.FixtureRequest) -> Iterator[Callable[..., Emulator]]:
    """Give what makes a function on a local Lambda.

    `async with aioric_function("app.handler", task_root=path) as fn: result = await fn.invoke({...})`
    """
    from aioric_emulator.emulator import Emulator  # noqa: PLC0415 - see the module's docstring

    yield from checked(request, Emulator)


@pytest.fixture
def aioric_function_sync(request: pytest.FixtureRequest) -> Iterator[Callable[..., SyncEmulator]]:
    """Give what makes a function on a local Lambda, for a test without an event loop.

    `with aioric_function_sync("app.handler", task_root=path) as fn: result = fn.invoke({...})`
    """
    from aioric_emulator.sync_emulator import SyncEmulator  # noqa: PLC0415 - see the module's docstring

    yield from checked(request, SyncEmulator)


@pytest.fixture
def aioric_local() -> type[LocalFunction]:
    """Give what calls a handler in this process: `aioric_local(handler).invoke({...})`."""
    from aioric_emulator.in_process import LocalFunction  # noqa: PLC0415 - see the module's docstring

    return LocalFunction


def checked(request: pytest.FixtureRequest, kind: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Give what makes functions, and hold those that were made to the test's mark."""
    made: list[Any] = []

    def make(*arguments: Any, **settings: Any) -> Any:
        made.append(kind(*arguments, **settings))
        return made[-1]

    yield make
    mark = request.node.get_closest_marker("cold_start")
    if mark is not None:
        from aioric_emulator.cold_start import read_budget  # noqa: PLC0415 - see the module's docstring

        try:
            budget = read_budget(*mark.args, **mark.kwargs)
        except TypeError as error:
            pytest.fail(f"@pytest.mark.cold_start: {error}", pytrace=False)
        check = partial(hold_to, budget)
        wrong = [line for function in made for line in check(function)]
        if wrong:
            pytest.fail("Over the cold-start budget: " + "; ".join(wrong), pytrace=False)


def hold_to(budget: Any, function: Any) -> list[str]:
    """Give what a function did beyond a budget."""
    lines: list[str] = budget.exceeded(function.configuration, function.init_durations)
    return lines
