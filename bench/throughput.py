"""Compare aioric with AWS's own client: CPU, time and memory per invocation.

    python -m bench.throughput [--quick] [--rounds N] [--sizes 20B] [--lanes 1] [--only NAME] [--pin PLACE]

Interleaved: a round takes every contestant through every workload, with the contestants next to one another,
so that a machine that slows down slows down all of them. Every sample is a fresh process.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import picture, report, server, stats
from bench.contestants import CONTESTANTS, FLOOR, Contestant, floor
from bench.method import Sample, cores, measure
from bench.rounds import add_options, repeat, rounds
from bench.workloads import SIZES, workloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.workloads import Workload

RESULTS = Path(__file__).parent / "results"


def main(name: str = "throughput", preset: tuple[str, ...] = ()) -> None:
    """Measure, print a table, leave the raw figures, the table and a picture as files.

    Args:
        name: Of the benchmark: others ask the same of other workloads.
        preset: Options that it begins with; those of the command line come after.
    """
    options = parse(name, [*preset, *sys.argv[1:]])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that children are stopped then too
    facts = report.environment()
    began = datetime.now(UTC)
    samples = list(take(options))
    table = stats.rows(samples)
    text = report.markdown(table, facts)
    outcome = {
        "date": began.isoformat(timespec="seconds"),
        "command": repeat(name, sys.argv[1:]),
        "environment": facts,
        "method": {
            "rounds": options.rounds,
            "quick": options.quick,
            "cores": {pin: [sorted(group) for group in cores(pin)] for pin in options.pin},
            "server": server.name(),
        },
        "samples": [asdict(sample) for sample in samples],
        "rows": [asdict(row) for row in table],
    }
    print(text)
    stem = options.output / f"{name}-{began:%Y%m%dT%H%M%SZ}"
    options.output.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(json.dumps(outcome, indent=1) + "\n")
    stem.with_suffix(".md").write_text(text)
    stem.with_suffix(".svg").write_text(picture.bars(bars(name, table)))
    print(f"raw figures: {stem.with_suffix('.json')}", file=sys.stderr)


def parse(name: str, arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    names = [contestant.name for contestant in everyone()]
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description="compare with awslambdaric")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the invocations, one round: a smoke test"
    )
    add_options(parser, 5)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES), help="sizes of events")
    parser.add_argument(
        "--lanes", nargs="+", type=int, choices=[1, 4, 16], default=[1, 16], help="concurrency"
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="contestants")
    parser.add_argument(
        "--pin",
        nargs="+",
        choices=["apart", "together", "free"],
        default=["apart"],
        help="server and runtime on a core each, on one core, or unpinned",
    )
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def bars(name: str, table: list[stats.Row]) -> list[picture.Bar]:
    """What the picture shows: memory, or CPU per invocation."""
    figure, unit = ("pss_mib", "MiB") if name == "memory" else ("cpu_us", "µs of CPU")
    return [
        picture.Bar(
            f"{row.workload}, concurrency {row.lanes}, {report.placement(row.pin)}",
            row.contestant,
            getattr(row, figure),
            unit,
        )
        for row in table
    ]


def take(options: argparse.Namespace) -> Iterator[Sample]:
    """Take all samples, with a line of progress for each."""
    plan = list(cells(options))
    began = time.monotonic()
    for turn in rounds(options):
        for number, (pin, lanes, workload, contestant) in enumerate(plan, start=turn * len(plan) + 1):
            sample = measure(contestant, workload, lanes, turn, pin=pin, quick=options.quick)
            progress = f"{number}/{options.rounds * len(plan)} {time.monotonic() - began:.0f}s"
            what = f"{contestant.name} x{lanes} {workload.name} {pin}"
            print(f"{progress:14} {what:45} {sample.cpu_us:10.1f} µs CPU", file=sys.stderr)
            yield sample


def cells(options: argparse.Namespace) -> Iterator[tuple[str, int, Workload, Contestant]]:
    """Everything that one round measures, contestants innermost."""
    chosen = [contestant for contestant in everyone() if contestant.name in options.only]
    for pin in options.pin:
        for lanes in options.lanes:
            for workload in workloads(options.sizes):
                for contestant in chosen:
                    if contestant.name != FLOOR or (lanes == 1 and workload.handler == "trivial"):
                        yield pin, lanes, workload, contestant


def everyone() -> list[Contestant]:
    """The runtimes, and the floor where it can be built."""
    least = floor()
    return [*CONTESTANTS, *([least] if least else [])]


if __name__ == "__main__":
    main()
