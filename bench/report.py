"""What is written down: the raw figures with all that made them, and tables for people."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.stats import Row, Spread

DISTRIBUTIONS = ("aioric", "awslambdaric", "simplejson", "uvloop", "orjson")
HEADINGS = (
    "runtime",
    "processes",
    "CPU µs",
    "min-max",
    "CPU ratio",
    "wall µs",
    "wall ratio",
    "PSS MiB",
)


def environment() -> dict[str, object]:
    """The machine and the versions, without what would identify the one or its user."""
    return {
        "processor": _processor(),
        "cores": sorted(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in DISTRIBUTIONS},
        "load_average_at_start": os.getloadavg(),
    }


def markdown(table: list[Row], facts: dict[str, object]) -> str:
    """One table per workload, concurrency and placement, and below them how they came about."""
    parts = []
    for (pin, lanes, workload), group in groupby(table, lambda row: (row.pin, row.lanes, row.workload)):
        title = f"### {workload}, concurrency {lanes}, server and runtime {placement(pin)}"
        lines = [_line(HEADINGS), _line(["---"] + ["---:"] * (len(HEADINGS) - 1)), *map(_row, group)]
        parts.append("\n".join([title, "", *lines]))
    return "\n\n".join([*parts, _footnote(table, facts)]) + "\n"


def _row(row: Row) -> str:
    cpu = row.cpu_us
    cells = [row.contestant, str(row.processes), f"{cpu.median:.1f}", f"{cpu.low:.1f}-{cpu.high:.1f}"]
    cells += [_ratio(row.cpu_ratio), f"{row.wall_us.median:.1f}", _ratio(row.wall_ratio)]
    return _line([*cells, f"{row.pss_mib.median:.1f}"])


def _ratio(ratio: Spread | None) -> str:
    return "" if ratio is None else f"{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})"


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def placement(pin: str) -> str:
    """How the tables call it."""
    return {"apart": "on a core each", "together": "on one core"}.get(pin, "wherever the kernel likes")


def _footnote(table: list[Row], facts: dict[str, object]) -> str:
    server = [row.server_cpu_us.median for row in table if row.workload == "trivial 20B"]
    sentences = [
        "Per invocation, medians over the rounds; ratios are to awslambdaric in the same round.",
        "CPU is user and system time of all the runtime's processes.",
        f"{facts['processor']}, {len(os.sched_getaffinity(0))} cores, Linux {facts['kernel']},",
        f"Python {facts['python']}, {versions(facts)}.",
    ]
    if server:
        cost = f"The server's own, at 20 B, is {min(server):.0f} to {max(server):.0f} µs and not in it."
        sentences.insert(2, cost)
    return " ".join(sentences)


def versions(facts: dict[str, object]) -> str:
    """What was compared, for a sentence."""
    found = facts["versions"]
    assert isinstance(found, dict)  # noqa: S101 - `environment` made it
    return ", ".join(f"{name} {version}" for name, version in found.items() if version)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str | None:
    if name == "aioric":  # the one in this checkout, installed or not
        sys.path.append(str(Path(__file__).parents[1] / "runtime"))
        from aioric.version import __version__  # noqa: PLC0415 - only after the path is set

        return __version__
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
