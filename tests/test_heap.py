"""The garbage collector rests during the start, and does what the function wants afterwards."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from aioric.heap import Heap

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def usual() -> Iterator[tuple[int, int, int]]:
    """The thresholds, which are put back."""
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)
    gc.unfreeze()


def test_rest_and_settle(usual: tuple[int, int, int]) -> None:
    """Collections are rare until the heap has settled; then what there is counts as old."""
    heap = Heap()
    assert gc.get_threshold()[0] > 10 * usual[0]
    young = [[] for _ in range(2 * usual[0])]  # type: ignore[var-annotated]  # of anything
    heap.settle()

    assert gc.get_threshold() == usual
    assert gc.get_count()[0] < usual[0] < len(young)
    assert gc.get_freeze_count() == 0


def test_the_functions_own_settings_stay() -> None:
    """A function that has set thresholds, or frozen its objects, finds them as it left them."""
    heap = Heap()
    gc.set_threshold(5000, 5, 5)
    gc.freeze()
    heap.settle()

    assert gc.get_threshold() == (5000, 5, 5)
    assert gc.get_freeze_count() > 0
