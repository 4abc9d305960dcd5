"""Tables of `bench.concurrency`: medians, and ratios made within a round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import picture, report
from bench.contestants import BASELINE
from bench.stats import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.concurrency import Sample

COLUMNS = {
    "processes": "processes",
    "start_ms": "all polling, ms",
    "pss_mib": "PSS, MiB",
    "per_second": "per second",
    "cpu_us": "CPU, µs",
    "p50_ms": "p50, ms",
    "p99_ms": "p99, ms",
}
FIGURES = (*COLUMNS, "first_poll_ms", "server_cpu_us", "offered_per_second")


@dataclass(frozen=True)
class Row:
    """The medians of one contestant, workload and concurrency, and ratios to the official client's."""

    contestant: str
    workload: str
    lanes: int
    median: Sample
    ratios: dict[str, Spread]


def summarise(samples: list[Sample]) -> list[Row]:
    """Medians over the rounds; a ratio is the median of those within a round."""
    groups = defaultdict[tuple[int, str, str], list[Any]](list)
    for sample in samples:
        groups[sample.lanes, sample.workload, sample.contestant].append(sample)
    return [
        Row(
            contestant=name,
            workload=workload,
            lanes=lanes,
            median=replace(group[0], **_medians(group)),
            ratios=_ratios(group, groups.get((lanes, workload, BASELINE), [])),
        )
        for (lanes, workload, name), group in groups.items()
    ]


def _medians(group: list[Sample]) -> dict[str, Any]:
    return {figure: median(getattr(sample, figure) for sample in group) for figure in FIGURES}


def _ratios(group: list[Sample], baseline: list[Sample]) -> dict[str, Spread]:
    theirs = {sample.round: sample for sample in baseline}
    pairs = [(sample, theirs[sample.round]) for sample in group if sample.round in theirs]
    return {
        figure: spread([getattr(a, figure) / getattr(b, figure) for a, b in pairs])
        for figure in FIGURES
        if pairs
    }


def markdown(table: list[Row], facts: dict[str, object], missing: list[str]) -> str:
    """One table per workload and concurrency, and below them how they came about, and what is missing."""
    parts = []
    for (lanes, workload), group in groupby(table, lambda row: (row.lanes, row.workload)):
        lines = [f"### {workload}, {lanes} at once", "", _line(COLUMNS.values(), "runtime")]
        lines.append(_line(["---:"] * len(COLUMNS), "---"))
        lines += [_line([_cell(row, figure) for figure in COLUMNS], row.contestant) for row in group]
        parts.append("\n".join(lines))
    note = (
        "Medians over the rounds; in brackets the ratio to awslambdaric in the same round, with its"
        " lowest and highest. p50 and p99 are at half of what awslambdaric takes. `def` handlers with `def`,"
        f" `async def` with `async`. {facts['processor']}, Linux {facts['kernel']}, Python {facts['python']},"
        f" {report.versions(facts)}."
    )
    if missing:
        note += f" Not to be had here: {'; '.join(sorted(set(missing)))}."
    return "\n\n".join([*parts, note]) + "\n"


def bars(table: list[Row]) -> list[picture.Bar]:
    """What the picture shows: CPU per invocation."""
    return [
        picture.Bar(
            f"{row.workload}, {row.lanes} at once",
            row.contestant,
            Spread(row.median.cpu_us, row.median.cpu_us, row.median.cpu_us),
            "µs of CPU",
        )
        for row in table
    ]


def _cell(row: Row, figure: str) -> str:
    text = f"{getattr(row.median, figure):.4g}"
    ratio = row.ratios.get(figure)
    if ratio is None or figure == "processes":
        return text
    return f"{text} ({ratio.median:.2f}, {ratio.low:.2f}-{ratio.high:.2f})"


def _line(cells: Iterable[str], first: str) -> str:
    return "| " + " | ".join([first, *cells]) + " |"
