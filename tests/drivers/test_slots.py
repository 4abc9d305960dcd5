"""When a lost worker's successor starts."""

from __future__ import annotations

import pytest

from aioric.drivers.workers import CANNOT_SERVE, MAX_LOSSES, MAX_PAUSE, Slot


def pauses(lifetimes: list[float], status: int = -9) -> list[float]:
    """The pauses after workers that lived for so long."""
    slot, found = Slot(1), []
    for lifetime in lifetimes:
        slot.began = 100.0
        slot.lost(status, 100.0 + lifetime)
        found.append(round(slot.due - 100.0 - lifetime, 6))
    return found


def test_one_that_was_killed_is_replaced_at_once() -> None:
    """However often that happens, as long as each had lived for a while."""
    assert pauses([5.0, 2.0, 60.0]) == [0, 0, 0]


def test_those_that_die_early_are_given_more_and_more_time() -> None:
    """The pause doubles up to a limit, and is forgotten with one that lives."""
    assert pauses([0.1] * 6) == pytest.approx([0, 0.1, 0.2, 0.4, 0.8, 1.6])
    assert pauses([0.1] * 20)[-1] == MAX_PAUSE
    assert pauses([0.1, 0.1, 5.0]) == pytest.approx([0, 0.1, 0])


def test_one_that_says_it_cannot_serve_is_not_replaced_at_once() -> None:
    """It counts as many losses: when all say so and none is left, the environment ends."""
    slot = Slot(1)
    slot.began = 100.0
    slot.lost(CANNOT_SERVE, 200.0)
    assert slot.losses == MAX_LOSSES
    assert slot.due - 200.0 == pytest.approx(0.8)
