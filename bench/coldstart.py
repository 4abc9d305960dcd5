"""Compare cold starts: from exec of the runtime to its first answer, with functions as users have them.

    python -m bench.coldstart [--quick] [--rounds N] [--functions trivial sdk] [--slow] [--instructions]

Interleaved: a round takes each function through every contestant, next to one another. Every sample is a
fresh process. `--slow` evicts the function's files before each start and lets every read that the page cache
cannot serve wait, as on an image that is loaded when touched; what is announced comes as late,
all of it at once. `--instructions` counts instead of timing.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import picture, report, starts
from bench.launch import Launcher, Sample
from bench.rounds import add_options, repeat, rounds
from bench.starts_report import markdown
from bench.starts_report import rows as summarise

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure, print a table, leave the raw figures and the table as files."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that children are stopped then too
    facts = report.environment()
    began = datetime.now(UTC)
    samples = list(take(options))
    table = summarise(samples)
    text = markdown(table, facts)
    outcome = {
        "date": began.isoformat(timespec="seconds"),
        "command": repeat("coldstart", sys.argv[1:]),
        "environment": facts,
        "samples": [asdict(sample) for sample in samples],
        "rows": [asdict(row) for row in table],
    }
    print(text)
    kind = "-instructions" if options.instructions else "-slow" if options.slow else ""
    stem = options.output / f"coldstart{kind}-{began:%Y%m%dT%H%M%SZ}"
    options.output.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(json.dumps(outcome, indent=1) + "\n")
    stem.with_suffix(".md").write_text(text)
    shown = [picture.Bar(row.function, row.contestant, row.figure, row.unit) for row in table]
    stem.with_suffix(".svg").write_text(picture.bars(shown))
    print(f"raw figures: {stem.with_suffix('.json')}", file=sys.stderr)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    known = list(starts.FUNCTIONS)
    parser = argparse.ArgumentParser(prog="python -m bench.coldstart", description="compare cold starts")
    parser.add_argument("--quick", action="store_true", help="the trivial functions, three rounds")
    add_options(parser, 15)
    parser.add_argument("--functions", nargs="+", choices=known, help="which (default all)")
    parser.add_argument("--slow", action="store_true", help="with nothing cached, on slow storage")
    parser.add_argument("--instructions", action="store_true", help="count by valgrind, once; do not time")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.instructions else 3 if options.quick else 15)
    options.functions = options.functions or (list(starts.LIGHT) if options.quick else known)
    return options


def take(options: argparse.Namespace) -> Iterator[Sample]:
    """Take all samples, with a line of progress for each."""
    plan = [start for name in options.functions for start in starts.prepare(name)]
    with Launcher() as launcher:
        for start in plan:
            launcher.take(start, -1)  # so that bytecode is written and the page cache knows the files
    began = time.monotonic()
    samples = counted(plan, options.rounds) if options.instructions else timed(plan, options)
    for number, sample in enumerate(samples, start=1):
        progress = f"{number}/{options.rounds * len(plan)} {time.monotonic() - began:.0f}s"
        what = f"{sample.function} {sample.contestant}"
        print(f"{progress:14} {what:40} {sample.figure:10.1f} {sample.unit}", file=sys.stderr)
        yield sample


def timed(plan: list[starts.Start], options: argparse.Namespace) -> Iterator[Sample]:
    """One after the other, round by round."""
    with Launcher(slow=options.slow) as launcher:
        for turn in rounds(options):
            for start in plan:
                yield launcher.take(start, turn)


def counted(plan: list[starts.Start], turns: int) -> Iterator[Sample]:
    """On all cores at once: what is counted does not depend on who else is busy."""

    def count(work: tuple[int, starts.Start]) -> Sample:
        with Launcher(count=True) as launcher:
            return launcher.take(work[1], work[0])

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from pool.map(count, [(turn, start) for turn in range(turns) for start in plan])


if __name__ == "__main__":
    main()
