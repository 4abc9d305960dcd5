"""Whether the loop sleeps between messages."""

from __future__ import annotations

import asyncio
import os
import selectors
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.alertness import LONGEST_REST, REST, SPAN, Alertness, count_processors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Watched(selectors.DefaultSelector):
    """A selector that remembers for how long it was asked to wait, and waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look once."""
        self.waits.append(timeout)
        ready: list[tuple[selectors.SelectorKey, int]] = super().select(0)
        return ready


class World:
    """An alertness, the time that it is told, and the loop that it keeps from sleeping."""

    def __init__(self, processors: int) -> None:
        self.now = 1000.0
        self.alertness = Alertness(processors, lambda: self.now)
        self._selector = Watched()
        self._loop = asyncio.SelectorEventLoop(self._selector)

    def hear(self, *gaps: float) -> bool:
        """Hear of messages, each so many seconds after what was before; give whether it is awake then."""

        async def stir() -> None:
            for gap in gaps:
                self.now += gap
                self.alertness.stir()

        self._loop.run_until_complete(stir())
        return self.alertness.is_awake

    def sleeps(self) -> bool:
        """Whether the loop would sleep, were there nothing to do but to wait for a moment."""
        self._selector.waits.clear()
        self._loop.run_until_complete(asyncio.sleep(0.001))
        return any(wait is None or wait > 0 for wait in self._selector.waits)

    def close(self) -> None:
        """Close the loop."""
        self._loop.close()


@pytest.fixture(params=[2])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """One of two processors, or of as many as a test says."""
    world = World(request.param)
    yield world
    world.close()


def test_the_second_of_two_close_messages_keeps_it_awake(world: World) -> None:
    """One may be the only one."""
    assert not world.hear(0)
    assert world.sleeps()
    assert world.hear(SPAN / 2)
    assert not world.sleeps()


def test_messages_that_are_far_apart_let_it_sleep(world: World) -> None:
    """They would be waited for in vain."""
    assert not world.hear(0, SPAN * 2, SPAN * 2, SPAN * 2)
    assert world.sleeps()


def test_it_stays_awake_while_messages_come_and_then_sleeps_by_itself(world: World) -> None:
    """Each message counts from when it comes, and nobody has to end the wait for the last one."""
    world.hear(0, 0)
    for _ in range(5):
        assert world.hear(SPAN * 0.9)
        assert not world.sleeps()
    world.now += SPAN
    assert world.sleeps()
    assert not world.alertness.is_awake


def wait_in_vain(world: World, *gaps: float) -> None:
    """Stay awake after a message for as long as it does, and hear of nothing."""
    assert world.hear(*gaps)
    world.now += SPAN
    assert world.sleeps()


def test_after_it_was_awake_for_nothing_it_rests(world: World) -> None:
    """What it waits for may need this processor."""
    wait_in_vain(world, 0, 0)
    assert not world.hear(0, 0, REST / 2)
    assert world.sleeps()
    assert world.hear(REST / 2, 0)


def test_it_rests_the_longer_the_more_often_it_was_awake_for_nothing(world: World) -> None:
    """Handlers that take longer than it waits cost next to nothing."""
    for _ in range(10):
        wait_in_vain(world, LONGEST_REST, 0)
    assert not world.hear(LONGEST_REST * 0.9, 0)
    assert world.sleeps()
    assert world.hear(LONGEST_REST * 0.2, 0)


def test_once_it_has_paid_a_rest_is_short_again(world: World) -> None:
    """One hiccup among many quick answers does not count for much."""
    wait_in_vain(world, 0, 0)
    wait_in_vain(world, REST, 0, SPAN / 2)
    assert not world.hear(0, 0)
    assert world.hear(REST, 0)


@pytest.mark.parametrize("world", [1], indirect=True)
def test_a_single_processor_is_left_to_whoever_is_waited_for(world: World) -> None:
    """It sleeps however close the messages are."""
    assert not world.hear(0, 0, 0)
    assert world.sleeps()


@pytest.mark.parametrize(
    ("quota", "most"),
    [("50000 100000", 1), ("199999 100000", 1), ("200000 100000", 2), ("max 100000", 1024), ("odd", 1024)],
)
def test_a_quota_counts_in_whole_processors(quota: str, most: int, tmp_path: Path) -> None:
    """Part of a processor is for those who work."""
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert count_processors(tmp_path / "cpu.max") == min(most, count_processors(tmp_path / "none"))


def test_without_a_quota_affinity_counts(tmp_path: Path) -> None:
    """What is left to this process, not what the machine has."""
    assert count_processors(tmp_path / "none") == len(os.sched_getaffinity(0))
