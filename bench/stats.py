"""From samples to a table's rows: medians, spread, and ratios made within a round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from bench.contestants import BASELINE
from bench.method import Sample

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Spread:
    """The middle of some figures, and their ends."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One contestant at one workload, over all rounds.

    A ratio is to the official client in the same round, which shared the machine's mood; None without one.
    """

    contestant: str
    lanes: int
    workload: str
    pin: str
    processes: int
    cpu_us: Spread
    wall_us: Spread
    server_cpu_us: Spread
    pss_mib: Spread
    cpu_ratio: Spread | None
    wall_ratio: Spread | None


def rows(samples: Iterable[Sample]) -> list[Row]:
    """Summarise, in the order in which the samples first came."""
    groups = defaultdict[tuple[str, int, str, str], list[Sample]](list)
    for sample in samples:
        groups[sample.pin, sample.lanes, sample.workload, sample.contestant].append(sample)
    return [
        _row(group, {sample.round: sample for sample in groups.get((pin, lanes, workload, BASELINE), [])})
        for (pin, lanes, workload, _), group in list(groups.items())
    ]


def spread(figures: list[float]) -> Spread:
    """The median with minimum and maximum: with a handful of rounds quartiles would be invented."""
    return Spread(median(figures), min(figures), max(figures))


def _row(group: list[Sample], baseline: dict[int, Sample]) -> Row:
    pairs = [(sample, baseline[sample.round]) for sample in group if sample.round in baseline]
    first = group[0]
    return Row(
        contestant=first.contestant,
        lanes=first.lanes,
        workload=first.workload,
        pin=first.pin,
        processes=first.processes,
        cpu_us=spread([sample.cpu_us for sample in group]),
        wall_us=spread([sample.wall_us for sample in group]),
        server_cpu_us=spread([sample.server_cpu_us for sample in group]),
        pss_mib=spread([sample.pss_mib for sample in group]),
        cpu_ratio=spread([ours.cpu_us / theirs.cpu_us for ours, theirs in pairs]) if pairs else None,
        wall_ratio=spread([ours.wall_us / theirs.wall_us for ours, theirs in pairs]) if pairs else None,
    )
