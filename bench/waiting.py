"""How many handlers that await 20 ms one process serves a second, 256 at once, and what limits it.

    python -m bench.waiting [--rounds N] [--lanes 256]

Server and runtime have a core each. Two things limit the throughput: that many handlers at once, each of
which waits, and the CPU of one core; the lower one is told, and how near to it the runtime comes. Neither is
reached, since timers that end together wait for one another: so it is also told how far a loop comes whose
tasks only wait, and then compute for as long as an invocation takes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from statistics import median

from bench.contestants import OURS, ROOT, Contestant
from bench.method import cores, measure
from bench.processes import running
from bench.workloads import Workload

WAIT_SECONDS = 0.020  # of `bench/task/crowd_async.py`
COUNT = 40_000


class Crowd(Contestant):
    """A runtime that serves the functions of `crowd`."""

    def argv(self, handler: str) -> list[str]:
        """The command line for a handler's plain name."""
        return [*self.command, f"crowd{self.suffix}.{handler}{self.suffix}"]


@dataclass(frozen=True)
class Many(Workload):
    """Enough invocations for some seconds."""

    def count(self, lanes: int, *, quick: bool) -> int:  # noqa: ARG002 - the signature of all workloads
        """How many invocations make a sample."""
        return max(COUNT, 2 * lanes)


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.waiting", description="many that wait")
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured")
    parser.add_argument("--lanes", type=int, default=256, help="at once")
    options = parser.parse_args()
    ours = Crowd("aioric", OURS, "_async", {"AIORIC_WORKERS": "1"})
    rates, waiting, empty, bare = [], [], [], []
    for turn in range(options.rounds):
        sample = measure(ours, Many("wait", "20B"), options.lanes, turn, pin="apart", quick=False)
        rates.append(1e6 / sample.wall_us)
        waiting.append(sample.cpu_us)
        sample = measure(ours, Many("empty", "20B"), options.lanes, turn, pin="apart", quick=False)
        empty.append(sample.cpu_us)
        _, turn_us = bare_loop(options.lanes, 0.0)
        bare.append(bare_loop(options.lanes, max(waiting[-1] - turn_us, 0.0))[0])
    print(report(options.lanes, rates, waiting, empty, bare))


def bare_loop(lanes: int, compute_us: float) -> tuple[float, float]:
    """The turns in a second of a loop that does nothing else, and the CPU of one in microseconds."""
    command = [sys.executable, "-m", "bench.bare_loop", str(lanes), str(WAIT_SECONDS * 1000), str(compute_us)]
    with running(command, cores=cores("apart")[1], folder=ROOT, stdout=subprocess.PIPE) as loop:
        said, _ = loop.communicate(timeout=60)
    rate, turn_us = said.split()
    return float(rate), float(turn_us)


def report(
    lanes: int, rates: list[float], waiting: list[float], empty: list[float], bare: list[float]
) -> str:
    """The figures in words."""
    by_waiting, by_cpu = lanes / WAIT_SECONDS, 1e6 / median(waiting)
    name, limit = min((by_waiting, "the wait"), (by_cpu, "the CPU"))[::-1]
    return (
        f"{lanes} at once, {WAIT_SECONDS * 1000:.0f} ms each: {median(rates):.0f} a second "
        f"({min(rates):.0f} to {max(rates):.0f})\n"
        f"CPU an invocation: {median(waiting):.1f} µs, of an empty handler {median(empty):.1f} µs\n"
        f"limits: {by_waiting:.0f} a second by the wait, {by_cpu:.0f} by the CPU of one core\n"
        f"{median(rates) / limit:.2f} of what {name} allows, "
        f"{median(rates) / median(bare):.2f} of a bare loop that computes as long ({median(bare):.0f})"
    )


if __name__ == "__main__":
    main()
