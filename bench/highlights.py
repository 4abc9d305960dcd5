"""What a reader wants to know first: the ratios that matter most, and where we are not ahead."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bench.contestants import BASELINE
from bench.report import placement
from bench.starts import LAZY, LIGHT
from bench.stats import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Outcome = dict[str, Any]

OURS = "aioric"
SHOWN = (OURS, LAZY)
SUMMARISED_STARTS = (*LIGHT, "boto3", "Powertools")
MORE_IS_BETTER = ("per_second",)
CAPTIONS = (("cpu_ratio", "CPU"), ("wall_ratio", "time"), ("cold_ratio", "cold"), ("ratio", "start"))
FIGURES = {
    "cpu_us": "CPU",
    "pss_mib": "memory",
    "per_second": "per second",
    "start_ms": "start",
    "p99_ms": "p99",
}


def summary(outcome: Callable[[str], Outcome | None]) -> str:
    """One table over all benchmarks: each ratio with its ends, and the command that makes it."""
    lines = ["| | ratio to awslambdaric | lowest-highest | command |", "|---|---:|---:|---|"]
    dates = set()
    for name, lines_of in SUMMARISED.items():
        found = outcome(name)
        if found is None:
            lines.append(f"| {name} | not measured yet | | `python -m bench --only {name}` |")
            continue
        dates.add(found["date"][:10])
        for what, ratio in lines_of(found):
            ends = f"{ratio['low']:.2f}-{ratio['high']:.2f}" if ratio["low"] != ratio["high"] else ""
            lines.append(f'| {what} | {ratio["median"]:.2f} | {ends} | `make bench ARGS="--only {name}"` |')
    return "\n".join([*lines, "", f"Measured on {', '.join(sorted(dates)) or 'no day yet'}.\n"])


def behind(outcome: Outcome) -> list[str]:
    """Each row in which one of ours is not ahead of what it is compared with."""
    rows = outcome.get("rows", [])
    ours = [row for row in rows if row["contestant"].startswith(OURS)]
    return [line for row in ours for line in (*_worse(row), *_larger(row, rows))]


def _worse(row: dict[str, Any]) -> Iterator[str]:
    where = _place(row)
    for name, label in CAPTIONS:
        if (ratio := row.get(name)) and ratio["median"] >= 1:
            yield f"{where}: {label} {_told(ratio)}"
    for name, ratio in (row.get("ratios") or {}).items():
        worse = ratio["median"] <= 1 if name in MORE_IS_BETTER else ratio["median"] >= 1
        if name in FIGURES and worse:
            yield f"{where}: {FIGURES[name]} {_told(ratio)}"
    if (ratio := row.get("pieces_to_web")) and ratio["median"] <= 1:
        yield f"{where}: {_told(ratio)} of FastAPI's pieces per CPU-second"
    for name, ratio in (row.get("to_official") or {}).items():
        # Another emulator with a faster runtime behind it says nothing about emulators.
        if ratio["median"] <= 1 and name.endswith((row["contestant"].partition(", ")[2], BASELINE)):
            yield f"{where}: {_told(ratio)} of the answers per second of `{name}`"


def _larger(row: dict[str, Any], rows: list[dict[str, Any]]) -> Iterator[str]:
    for theirs in rows:
        same = all(theirs.get(name) == row.get(name) for name in ("workload", "lanes", "pin"))
        if "pss_mib" in row and same and theirs["contestant"] == BASELINE:
            ours, other = row["pss_mib"]["median"], theirs["pss_mib"]["median"]
            if ours >= other:
                yield f"{_place(row)}: memory {ours:.1f} MiB to {other:.1f}"


def _place(row: dict[str, Any]) -> str:
    parts = [row["contestant"], row.get("function"), row.get("workload"), row.get("size")]
    parts += [f"{row['lanes']} at once" if "lanes" in row else None]
    parts += [placement(row["pin"]) if "pin" in row else None]
    return ", ".join(part for part in parts if part)


def _told(ratio: dict[str, float]) -> str:
    return f"{ratio['median']:.2f} ({ratio['low']:.2f}-{ratio['high']:.2f})"


def _rows(outcome: Outcome, **wanted: object) -> Iterator[dict[str, Any]]:
    for row in outcome["rows"]:
        if all(row.get(name) == value for name, value in wanted.items()):
            yield row


def _throughput(outcome: Outcome) -> Iterator[tuple[str, Any]]:
    for lanes, name in ((1, "aioric-def"), (1, "aioric-async"), (16, "aioric-def"), (16, "aioric-async")):
        for row in _rows(outcome, lanes=lanes, contestant=name, pin="together", workload="trivial 20B"):
            form = "`async def`" if name.endswith("async") else "`def`"
            yield f"CPU per invocation, {form}, {lanes} at once", row["cpu_ratio"]


def _starts(title: str) -> Callable[[Outcome], Iterator[tuple[str, Any]]]:
    """As it is, and with all that `aioric optimize` can do; what lies between is in docs/benchmarks.md."""

    def lines(outcome: Outcome) -> Iterator[tuple[str, Any]]:
        for row in outcome["rows"]:
            if row["contestant"] in SHOWN and row["function"] in SUMMARISED_STARTS and row["ratio"]:
                how = row["contestant"].removeprefix(OURS).strip()
                yield f"{title}: {row['function']}{', ' + how if how else ''}", row["ratio"]

    return lines


def _memory(outcome: Outcome) -> Iterator[tuple[str, Any]]:
    taken = [each for each in outcome["samples"] if (each["lanes"], each["workload"]) == (16, "trivial 20B")]
    theirs = {each["round"]: each["pss_mib"] for each in taken if each["contestant"] == BASELINE}
    for name, form in (("aioric-def", "`def`"), ("aioric-async", "`async def`")):
        ours = [each for each in taken if each["contestant"] == name and each["round"] in theirs]
        if ours:
            ratio = spread([each["pss_mib"] / theirs[each["round"]] for each in ours])
            yield f"memory, {form}, 16 at once", asdict(ratio)


def _payload(outcome: Outcome) -> Iterator[tuple[str, Any]]:
    for row in _rows(outcome, contestant="aioric-def", workload="echo 5MB"):
        yield "CPU per invocation, an echo of 5 MB", row["cpu_ratio"]


def _concurrency(outcome: Outcome) -> Iterator[tuple[str, Any]]:
    for row in _rows(outcome, contestant="aioric async", lanes=16, workload="empty"):
        if row["ratios"]:
            yield f"Managed Instances, 16 at once, {row['workload']}: CPU", row["ratios"]["cpu_us"]
            yield f"Managed Instances, 16 at once, {row['workload']}: memory", row["ratios"]["pss_mib"]


SUMMARISED: dict[str, Callable[[Outcome], Iterator[tuple[str, Any]]]] = {
    "throughput": _throughput,
    "coldstart": _starts("start"),
    "coldstart-slow": _starts("start, nothing cached, slow storage"),
    "memory": _memory,
    "payload": _payload,
    "concurrency": _concurrency,
}
