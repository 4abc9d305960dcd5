"""Whether the loop sleeps between messages."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.alertness import SPAN, Alertness

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Watched(selectors.DefaultSelector):
    """A selector that remembers for how long it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait as asked, and remember it."""
        self.waits.append(timeout)
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(timeout)
        return ready


def waits(steps: Callable[[], Coroutine[None, None, None]]) -> list[float | None]:
    """How long the loop was ready to wait at each of its turns while `steps` ran."""
    selector = Watched()
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(asyncio.sleep(0))
        selector.waits.clear()
        runner.run(steps())
        return list(selector.waits)


@pytest.mark.parametrize(("processors", "awake"), [(1, False), (2, True), (64, True)])
def test_the_second_of_two_close_messages_keeps_it_awake_where_there_is_another_processor(
    processors: int, *, awake: bool
) -> None:
    """One processor is left to whoever is waited for."""
    seen: list[bool] = []

    async def steps() -> None:
        alertness = Alertness(processors)
        for _ in range(100):  # a machine that stops between two of them does so once or twice
            alertness.stir()
            seen.append(alertness.is_awake)

    waits(steps)
    assert seen[0] is False
    assert any(seen) is awake


def test_an_alert_loop_looks_without_sleeping_and_then_sleeps_by_itself() -> None:
    """While it is alert each wait is for nothing; nobody has to end that."""
    ends: list[float] = []

    async def steps() -> None:
        loop, alertness = asyncio.get_running_loop(), Alertness(2)
        woken = loop.create_future()
        while not alertness.is_awake:
            alertness.stir()
        began = loop.time()

        def end() -> None:
            if alertness.is_awake:
                loop.call_later(SPAN, end)
            else:
                ends.append(loop.time() - began)
                loop.call_later(SPAN, woken.set_result, None)

        end()
        await woken

    asked = waits(steps)
    assert asked[0] == 0
    assert ends[0] >= SPAN
    assert any(wait is None or wait > 0 for wait in asked)


def test_a_single_message_lets_the_loop_sleep() -> None:
    """A caller who comes now and then pays nothing."""

    async def steps() -> None:
        Alertness(2).stir()
        await asyncio.sleep(SPAN)

    assert any(wait is None or wait > 0 for wait in waits(steps))
