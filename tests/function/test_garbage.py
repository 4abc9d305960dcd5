"""When garbage is collected."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from aioric.function.garbage import ALL, BETWEEN, WITHIN, Garbage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _own_collector() -> Iterator[None]:
    former = gc.get_threshold()
    yield
    gc.set_threshold(*former)
    gc.unfreeze()


def test_a_turn_comes_when_there_is_something_to_collect() -> None:
    """Few objects are left alone; many make it due, until it had its turn."""
    garbage = Garbage()
    assert gc.get_threshold()[0] == WITHIN
    due = [garbage.due]
    kept: list[list[object]] = [[] for _ in range(2 * BETWEEN)]
    due.append(garbage.due)
    garbage.collect()
    due.append(garbage.due)

    assert due == [False, True, False]
    assert len(kept) == 2 * BETWEEN


def test_older_objects_have_their_turn_too() -> None:
    """After so many turns everything is looked at, and a cycle of any age is gone."""
    garbage = Garbage()
    before = [generation["collections"] for generation in gc.get_stats()]
    for _ in range(ALL):
        garbage.collect()
    after = [generation["collections"] for generation in gc.get_stats()]

    assert all(later > earlier for earlier, later in zip(before, after, strict=True))
