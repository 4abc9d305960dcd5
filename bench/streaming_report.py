"""Tables and picture of `bench.streaming`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import picture
from bench.stats import Spread, spread

if TYPE_CHECKING:
    from bench.streaming import Sample
FLOOR, WEB = "raw socket", "FastAPI + uvicorn"


def table(samples: list[Sample]) -> str:
    """Medians with their ends, and CPU ratios made within each round."""
    groups: dict[tuple[int, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        groups[sample.lanes, sample.size][sample.contestant].append(sample)
    lines = []
    for (lanes, size), group in groups.items():
        lines += ["", f"### {size} pieces, concurrency {lanes}", ""]
        lines += ["| | CPU µs/piece | min-max | pieces per CPU-s, to FastAPI | CPU, to raw socket | MB/s | "]
        lines[-1] += "first byte µs | PSS MiB |"
        lines += ["|---|---:|---:|---:|---:|---:|---:|---:|"]
        for name, rows in group.items():
            cpu = [row.cpu_us_per_piece for row in rows]
            cells = [name, f"{median(cpu):.2f}", f"{min(cpu):.2f}-{max(cpu):.2f}"]
            cells += [ratio(group.get(WEB, []), rows), ratio(rows, group.get(FLOOR, []))]
            cells += [f"{median(row.mb_per_second for row in rows):.0f}"]
            cells += [f"{median(row.first_byte_us for row in rows):.0f}"]
            cells += [f"{median(row.pss_mib for row in rows):.0f}"]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def bars(samples: list[Sample]) -> list[picture.Bar]:
    """What the picture shows: CPU per piece."""
    groups: dict[tuple[int, str, str], list[float]] = defaultdict(list)
    for sample in samples:
        groups[sample.lanes, sample.size, sample.contestant].append(sample.cpu_us_per_piece)
    return [
        picture.Bar(f"{size} pieces, concurrency {lanes}", name, spread(figures), "µs of CPU")
        for (lanes, size, name), figures in groups.items()
    ]


def rows(samples: list[Sample]) -> list[dict[str, Any]]:
    """For each contestant, its CPU for a piece in parts of the others' in the same round."""
    groups: dict[tuple[int, str], dict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        groups[sample.lanes, sample.size][sample.contestant].append(sample)
    return [
        {
            "contestant": name,
            "lanes": lanes,
            "size": size,
            "pieces_to_web": asdict(found) if (found := _ratio(group.get(WEB, []), members)) else None,
            "cpu_to_floor": asdict(found) if (found := _ratio(members, group.get(FLOOR, []))) else None,
        }
        for (lanes, size), group in groups.items()
        for name, members in group.items()
    ]


def ratio(above: list[Sample], below: list[Sample]) -> str:
    """The CPU of the one to the other's, round by round."""
    found = _ratio(above, below)
    return f"{found.median:.2f} ({found.low:.2f}-{found.high:.2f})" if found else ""


def _ratio(above: list[Sample], below: list[Sample]) -> Spread | None:
    by_round = {sample.round: sample for sample in below}
    pairs = [(each, by_round[each.round]) for each in above if each.round in by_round]
    return spread([a.cpu_us_per_piece / b.cpu_us_per_piece for a, b in pairs]) if pairs else None
