"""All benchmarks, one after the other: `python -m bench [--quick] [--only NAME ...]`.

Each leaves its raw figures, table and picture in the folder for results. One that fails does not keep the
others from running, but is told at the end.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
BAR = 30  # letters

# Each with what it is asked for: in about ten minutes in all, and in about one.
SUITES: dict[str, tuple[list[str], list[str]]] = {
    "throughput": (["--sizes", "20B", "2kB", "--pin", "apart", "together"], ["--sizes", "20B"]),
    "coldstart": ([], []),
    "memory": ([], ["--lanes", "1", "--sizes", "20B"]),
    "payload": ([], ["--sizes", "256kB"]),
    "concurrency": (["--rounds", "2", "--lanes", "1", "16"], ["--lanes", "4", "--workloads", "empty"]),
    "streaming": (["--rounds", "3"], ["--lanes", "1", "--sizes", "1kB"]),
}


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="run all benchmarks")
    parser.add_argument("--quick", action="store_true", help="a smoke test of about a minute")
    parser.add_argument("--only", nargs="+", choices=SUITES, default=list(SUITES), help="which benchmarks")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args()
    began = time.monotonic()
    failed = []
    for number, name in enumerate(options.only):
        progress(number, len(options.only), name, time.monotonic() - began)
        if not run(name, options):
            failed.append(name)
    progress(len(options.only), len(options.only), "done", time.monotonic() - began)
    if failed:
        sys.exit(f"these failed: {', '.join(failed)}")


def run(name: str, options: argparse.Namespace) -> bool:
    """Run one; its own progress is on standard error."""
    full, quick = SUITES[name]
    arguments = [*(["--quick", *quick] if options.quick else full), "--output", str(options.output)]
    return (
        subprocess.run([sys.executable, "-m", f"bench.{name}", *arguments], cwd=ROOT, check=False).returncode
        == 0
    )


def progress(number: int, count: int, name: str, seconds: float) -> None:
    """Draw the bar."""
    filled = BAR * number // count
    print(f"[{'#' * filled}{'.' * (BAR - filled)}] {seconds:4.0f} s  {name}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
