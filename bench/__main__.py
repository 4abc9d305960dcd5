"""All benchmarks, one after the other: `python -m bench [--quick] [--only NAME ...]`.

Each leaves its raw figures, table and picture in the folder for results; `python -m bench.readme` makes pages
of them. One that fails does not keep the others from running, but is told at the end.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
BAR = 30  # letters


@dataclass(frozen=True)
class Suite:
    """A benchmark: what it is asked for, and how long it may take, in seconds.

    Attributes:
        within: For its rounds, of which the first is always whole.
        quick: What it is asked for where it need only be seen to work.
        needs: A program that it cannot do without.
        asked: Whether it is only run when it is asked for by name.
    """

    module: str
    within: int
    full: tuple[str, ...]
    quick: tuple[str, ...] = ()
    needs: str = ""
    asked: bool = False


# In about ten minutes in all, and in about one.
SUITES = {
    "throughput": Suite(
        "throughput", 90, ("--sizes", "20B", "--pin", "apart", "together"), ("--sizes", "20B")
    ),
    "coldstart": Suite("coldstart", 75, ()),
    "coldstart-slow": Suite("coldstart", 75, ("--slow",), needs="cc"),
    "coldstart-instructions": Suite(  # not pandas, which takes as long as all others
        "coldstart",
        130,
        ("--instructions", "--functions", "def", "async def", "boto3", "FastAPI", "Powertools"),
        needs="valgrind",
    ),
    "memory": Suite(
        "memory", 40, ("--lanes", "1", "16", "--sizes", "20B"), ("--lanes", "1", "--sizes", "20B")
    ),
    "payload": Suite(
        "payload", 65, ("--only", "aioric-def", "aioric-async", "awslambdaric"), ("--sizes", "256kB")
    ),
    "concurrency": Suite(
        "concurrency",
        135,
        (
            *("--lanes", "16", "--workloads", "empty", "20 ms await", "boto3 and pydantic", "--only"),
            *("awslambdaric", "aioric async", "aioric async, 1 process", "aioric def"),
        ),
        ("--lanes", "4", "--workloads", "empty"),
    ),
    "concurrency-matrix": Suite("concurrency", 600, ("--matrix",), asked=True),
    "streaming": Suite("streaming", 65, (), ("--lanes", "1", "--sizes", "1kB")),
    "emulator": Suite("emulator", 90, ("--seconds", "1"), needs="wrk"),
}
USUAL = tuple(name for name, suite in SUITES.items() if not suite.asked)
QUICK = tuple(name for name in SUITES if "-" not in name and name != "emulator")  # which waits for servers

# Beside its rounds: starting, preparing, the round that is always whole. Whoever takes longer hangs.
PATIENCE_SECONDS = 240
# For a benchmark to stop what it has started: once it has been interrupted with us, from a terminal, and once
# it is told to end.
STOP_SECONDS = (1, 10)


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="run all benchmarks")
    parser.add_argument("--quick", action="store_true", help="a smoke test of about a minute")
    parser.add_argument("--only", nargs="+", choices=SUITES, help="which (default: all but the matrix)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    chosen = options.only or (QUICK if options.quick else USUAL)
    began = time.monotonic()
    failed = []
    for number, name in enumerate(chosen):
        progress(number, len(chosen), name, time.monotonic() - began)
        if (needs := SUITES[name].needs) and shutil.which(needs) is None:
            print(f"{name} is left out: there is no {needs} here", file=sys.stderr)
        elif not run(name, options):
            failed.append(name)
    progress(len(chosen), len(chosen), "done", time.monotonic() - began)
    if failed:
        sys.exit(f"these failed: {', '.join(failed)}")


def run(name: str, options: argparse.Namespace) -> bool:
    """Run one; its own progress is on standard error."""
    suite = SUITES[name]
    asked = ("--quick", *suite.quick) if options.quick else (*suite.full, "--within", str(suite.within))
    command = [sys.executable, "-m", f"bench.{suite.module}", *asked, "--output", str(options.output)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait(suite.within + PATIENCE_SECONDS) == 0
        except subprocess.TimeoutExpired:
            print(f"{name} took too long", file=sys.stderr)
            return False
        finally:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Have a benchmark that still runs stop what it has started, and end."""
    patience, longer = STOP_SECONDS
    if ended(process, patience):
        return
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    if not ended(process, longer):
        process.kill()
    for relative in family:  # one that was just being started is not known to who should stop it
        with suppress(psutil.NoSuchProcess):
            relative.kill()


def ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether it ends by itself in so many seconds."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def progress(number: int, count: int, name: str, seconds: float) -> None:
    """Draw the bar."""
    filled = BAR * number // count
    print(f"[{'#' * filled}{'.' * (BAR - filled)}] {seconds:4.0f} s  {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
