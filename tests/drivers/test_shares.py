"""How invocations are shared among processes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from aioric.drivers.shares import split, usable_cpus

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("lanes", "workers", "shares"),
    [(16, 1, [16]), (16, 4, [4] * 4), (16, 3, [6, 5, 5]), (2, 8, [1, 1]), (1, 1, [1]), (7, 2, [4, 3])],
)
def test_the_sum_is_what_the_platform_was_promised(lanes: int, workers: int, shares: list[int]) -> None:
    """As evenly as can be, never more processes than invocations, and exactly so many in all."""
    assert split(lanes, workers) == shares


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("9900000 100000", None), ("", None)],
)
def test_a_quota_counts(tmp_path: Path, quota: str, cpus: int | None) -> None:
    """A container's quota, rounded up, bounds what the affinity allows; none, or nonsense, does not."""
    file = tmp_path / "cpu.max"
    file.write_text(quota)

    assert usable_cpus(str(file)) == (cpus or len(os.sched_getaffinity(0)))


def test_a_quota_beyond_the_first_processor_is_rounded_up(tmp_path: Path) -> None:
    """A processor and a half are two, if there are two."""
    file = tmp_path / "cpu.max"
    file.write_text("150000 100000")

    assert usable_cpus(str(file)) == min(2, len(os.sched_getaffinity(0)))


def test_without_a_cgroup_the_affinity_counts(tmp_path: Path) -> None:
    """Where there is no such file there is no quota."""
    assert usable_cpus(str(tmp_path / "absent")) == len(os.sched_getaffinity(0))
