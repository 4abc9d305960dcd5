"""Compare our emulator with AWS's own: answers per second through the whole path, from a caller on.

    python -m bench.emulator [--quick] [--rounds N] [--lanes 1 16] [--only NAME] [--pin together free]

wrk calls, each of its connections as soon as it has its answer. Both emulators run as their users run them,
with the same function behind, and their log in a file. `floor` is a C program that only passes bytes on:
what an emulator would give that costs nothing. Interleaved rounds, fresh processes for every sample.
Managed Instances mode of AWS's emulator takes root; without it those rows are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import picture, report
from bench.emulators import EMULATORS, Served, refusal
from bench.load import Load, call
from bench.method import cores
from bench.processes import cpu_ns
from bench.rounds import add_options, repeat, rounds
from bench.stats import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESULTS = Path(__file__).parent / "results"
# Against whom the ratios are: the same runtime behind AWS's emulator, and AWS's runtime there as well.
BASELINES = ("official, aioric", "official, awslambdaric")
HEADINGS = (
    "emulator, runtime",
    "answers/s",
    "min-max",
    "to official, same runtime",
    "to official, awslambdaric",
    "per CPU-second to official, same runtime",
    "emulator CPU µs",
    "runtime CPU µs",
    "wrk CPU µs",
    "p99 ms",
)


@dataclass(frozen=True)
class Sample:
    """One contestant under load, once. CPU is per answer."""

    contestant: str
    lanes: int
    pin: str
    round: int
    answers: int
    refused: int
    per_second: float
    p99_ms: float
    emulator_cpu_us: float
    runtime_cpu_us: float
    client_cpu_us: float

    @property
    def per_cpu_second(self) -> float:
        """Answers for each second of CPU that anybody spent, which a busy machine changes least."""
        return 1e6 / (self.emulator_cpu_us + self.runtime_cpu_us + self.client_cpu_us)


def main() -> None:
    """Measure, print a table, leave it and the raw figures as files."""
    options = parse(sys.argv[1:])
    if shutil.which("wrk") is None:
        sys.exit("the load comes from wrk: apt-get install wrk")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that children are stopped then too
    facts = report.environment()
    began = datetime.now(UTC)
    samples = list(take(options))
    text = markdown(samples, facts)
    command = repeat("emulator", sys.argv[1:])
    outcome = {
        "date": began.isoformat(timespec="seconds"),
        "command": command,
        "environment": facts,
        "method": {"rounds": options.rounds, "seconds": options.seconds, "load": "wrk, closed loop"},
        "samples": [asdict(sample) for sample in samples],
        "rows": compared(samples),
    }
    print(text)
    stem = options.output / f"emulator-{began:%Y%m%dT%H%M%SZ}"
    options.output.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(json.dumps(outcome, indent=1) + "\n")
    stem.with_suffix(".md").write_text(text)
    stem.with_suffix(".svg").write_text(picture.bars(bars(samples)))
    print(f"raw figures: {stem.with_suffix('.json')}", file=sys.stderr)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    names = list(EMULATORS)
    parser = argparse.ArgumentParser(prog="python -m bench.emulator", description="compare emulators")
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke test")
    add_options(parser, 5)
    parser.add_argument("--seconds", type=int, help="how long each sample is (default 3)")
    parser.add_argument("--lanes", nargs="+", type=int, choices=[1, 4, 16], default=[1, 16])
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="contestants")
    parser.add_argument(
        "--pin",
        nargs="+",
        choices=["together", "free"],
        default=["together", "free"],
        help="everything on one core, or wherever the kernel likes",
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 3)
    return options


def take(options: argparse.Namespace) -> Iterator[Sample]:
    """Take all samples, with a line of progress for each."""
    reason = refusal()
    for turn in rounds(options):
        for pin in options.pin:
            for lanes in options.lanes:
                for name in options.only:
                    if reason and lanes > 1 and name.startswith("official"):
                        print(f"left out: {name}, concurrency {lanes}: {reason}", file=sys.stderr)
                        continue
                    sample = measure(name, lanes, pin, turn, options.seconds)
                    what = f"{name} x{lanes} {pin}"
                    print(
                        f"{turn + 1}/{options.rounds} {what:40} {sample.per_second:8.0f}/s", file=sys.stderr
                    )
                    yield sample


def measure(name: str, lanes: int, pin: str, turn: int, seconds: int) -> Sample:
    """Take one sample: start everything, warm up, put it under load."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores(pin)[1])  # what is started inherits it
    try:
        with EMULATORS[name](lanes) as served:
            call(served.url, lanes, 1)
            load, spent = under_load(served, lanes, seconds)
    finally:
        os.sched_setaffinity(0, mine)
    answers = load.answers - load.refused
    return Sample(
        contestant=name,
        lanes=lanes,
        pin=pin,
        round=turn,
        answers=answers,
        refused=load.refused,
        per_second=answers / load.seconds,
        p99_ms=load.p99_ms,
        emulator_cpu_us=spent[0] / answers / 1000,
        runtime_cpu_us=spent[1] / answers / 1000,
        client_cpu_us=load.cpu_us / answers,
    )


def under_load(served: Served, lanes: int, seconds: int) -> tuple[Load, tuple[int, int]]:
    """Give what the load saw, and the CPU in nanoseconds that emulator and runtime spent meanwhile."""
    groups = served.processes()
    before = [cpu_ns(group) for group in groups]
    load = call(served.url, lanes, seconds)
    after = [cpu_ns(group) for group in groups]
    return load, (after[0] - before[0], after[1] - before[1])


def markdown(samples: list[Sample], facts: dict[str, object]) -> str:
    """One table for each placement and concurrency, and below them how they came about."""
    parts = []
    ordered = sorted(samples, key=lambda each: (each.pin, each.lanes))
    for (pin, lanes), group in groupby(ordered, key=lambda each: (each.pin, each.lanes)):
        lines = [line(HEADINGS), line(["---"] + ["---:"] * (len(HEADINGS) - 1)), *rows(list(group))]
        parts.append("\n".join([f"### concurrency {lanes}, everything {report.placement(pin)}", "", *lines]))
    note = (
        "Medians over the rounds; ratios are of answers in the same round, per second or per second of CPU"
        " that emulator, runtime and wrk spent together: no emulator gets further ahead than `floor`."
        " At concurrency 1 the classic engine with a `def` handler, above it Managed Instances with"
        " `async def` for aioric and"
        f" `def` for awslambdaric. {facts['processor']}, {len(os.sched_getaffinity(0))} cores,"
        f" Linux {facts['kernel']}, Python {facts['python']}, {report.versions(facts)}."
    )
    return "\n\n".join([*parts, note]) + "\n"


def bars(samples: list[Sample]) -> list[picture.Bar]:
    """What the picture shows: how long an answer takes, in all."""
    groups: dict[tuple[str, int, str], list[float]] = {}
    for each in sorted(samples, key=lambda each: (each.pin, each.lanes)):
        groups.setdefault((each.pin, each.lanes, each.contestant), []).append(1e6 / each.per_second)
    return [
        picture.Bar(
            f"concurrency {lanes}, everything {report.placement(pin)}", name, spread(found), "µs per answer"
        )
        for (pin, lanes, name), found in groups.items()
    ]


def compared(samples: list[Sample]) -> list[dict[str, object]]:
    """For each contestant, its answers per second in parts of the others' in the same round."""
    groups: dict[tuple[str, int], dict[str, list[Sample]]] = {}
    for each in samples:
        groups.setdefault((each.pin, each.lanes), {}).setdefault(each.contestant, []).append(each)
    made: list[dict[str, object]] = []
    for (pin, lanes), group in groups.items():
        for name, members in group.items():
            ratios = {baseline: times(members, group.get(baseline, []), wall) for baseline in BASELINES}
            told = {baseline: asdict(found) for baseline, found in ratios.items() if found}
            made.append({"contestant": name, "pin": pin, "lanes": lanes, "to_official": told})
    return made


def rows(group: list[Sample]) -> Iterator[str]:
    """The lines of one table."""
    by_name: dict[str, list[Sample]] = {}
    for sample in group:
        by_name.setdefault(sample.contestant, []).append(sample)
    for name, members in by_name.items():
        rate = spread([each.per_second for each in members])
        cells = [name, f"{rate.median:.0f}", f"{rate.low:.0f}-{rate.high:.0f}"]
        cells += [ratio(members, by_name.get(baseline, []), wall) for baseline in BASELINES]
        cells.append(ratio(members, by_name.get(BASELINES[0], []), lambda each: each.per_cpu_second))
        figures: list[Callable[[Sample], float]] = [
            lambda each: each.emulator_cpu_us,
            lambda each: each.runtime_cpu_us,
            lambda each: each.client_cpu_us,
        ]
        cells += [f"{median(map(figure, members)):.0f}" for figure in figures]
        yield line([*cells, f"{median(each.p99_ms for each in members):.2f}"])


def ratio(ours: list[Sample], theirs: list[Sample], rate: Callable[[Sample], float]) -> str:
    """How many times as many answers, with the spread over the rounds."""
    found = times(ours, theirs, rate)
    return f"{found.median:.2f} ({found.low:.2f}-{found.high:.2f})" if found else ""


def times(ours: list[Sample], theirs: list[Sample], rate: Callable[[Sample], float]) -> Spread | None:
    """The same, as figures; `None` where they were not in the same rounds."""
    rates = {each.round: rate(each) for each in theirs}
    pairs = [rate(each) / rates[each.round] for each in ours if each.round in rates]
    return spread(pairs) if pairs else None


def wall(sample: Sample) -> float:
    """Answers for each second on the clock."""
    return sample.per_second


def line(cells: list[str] | tuple[str, ...]) -> str:
    """A line of a table."""
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"{time.monotonic() - started:.0f} s", file=sys.stderr)
