"""Compare aioric with AWS's own client where many invocations run at once: Managed Instances.

    python -m bench.concurrency [--quick | --matrix] [--rounds N] [--lanes 16] [--workloads empty] [--only X]

For each runtime, workload and concurrency: the time from exec to all slots polling; memory once it has
served; CPU and throughput when every lane is always busy; latency when events arrive at half of what the
official client can take. Interleaved, and every sample is a fresh process. `--matrix` is the whole field in
short samples: a round of it takes some four minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench import picture, report
from bench.concurrency_report import bars, markdown, summarise
from bench.contestants import BASELINE, OFFICIAL, OURS, ROOT, TASK, Contestant
from bench.method import Conversation, Stuck
from bench.processes import cpu_ns, pss_bytes, running, tree
from bench.rounds import add_options, repeat, rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results"
EVENT = b'{"k": "0123456789"}'

CONTESTANTS = (
    Contestant(BASELINE, OFFICIAL),
    Contestant("aioric async", OURS, "_async"),
    Contestant("aioric async, 1 process", OURS, "_async", {"AIORIC_WORKERS": "1"}),
    Contestant("aioric def", OURS),
    Contestant("aioric def, no preload", OURS, environment={"AIORIC_PRELOAD": "0"}),
    Contestant("aioric def, threads", OURS, environment={"AIORIC_SYNC": "threads"}),
)

WORKLOADS = {
    "empty": "crowd.empty",
    "20 ms await": "crowd.wait",
    "2 ms CPU": "crowd.compute",
    "mixed": "crowd.mixed",
    "boto3 and pydantic": "imports.empty",
}
LANES = (1, 4, 16, 64, 256)

# What else the platform says. Without credentials, boto3 would go and look for some.
PLATFORM = {
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
}

# The whole field: each of these, in each workload but the last, at all concurrencies.
MATRIX_NAMES = (BASELINE, "aioric async", "aioric async, 1 process", "aioric def", "aioric def, no preload")
MATRIX_WORKLOADS = ("empty", "20 ms await", "2 ms CPU", "mixed")

OFFERED = 0.5  # of what the official client took, in the same round
SECONDS = 2.0  # of work, for one figure
MATRIX_SECONDS = 0.7
QUICK_SECONDS = 0.3
TRIAL = 400  # invocations at most to warm up, and to find out how many make the seconds
FIRST = 40  # of those, of which the pace of the others is told
PATIENCE_SECONDS = 60.0  # for a start
PER_LANE_SECONDS = 1.0  # and so much more for each process that it may take


@dataclass(frozen=True)
class Sample:
    """One contestant, one workload, one concurrency, once."""

    contestant: str
    workload: str
    lanes: int
    round: int
    processes: int
    start_ms: float
    first_poll_ms: float
    pss_mib: float
    per_second: float
    cpu_us: float
    server_cpu_us: float
    offered_per_second: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    """Measure, print a table, leave raw figures, table and plots as files."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that children are stopped then too
    facts = report.environment()
    began = datetime.now(UTC)
    missing: list[str] = []
    samples = list(take(options, missing))
    table = summarise(samples)
    text = markdown(table, facts, missing)
    outcome = {
        "date": began.isoformat(timespec="seconds"),
        "command": repeat("concurrency", sys.argv[1:]),
        "environment": facts,
        "missing": missing,
        "samples": [asdict(sample) for sample in samples],
        "rows": [asdict(row) for row in table],
    }
    print(text)
    name = "concurrency-matrix" if options.matrix else "concurrency"
    stem = options.output / f"{name}-{began:%Y%m%dT%H%M%SZ}"
    options.output.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(json.dumps(outcome, indent=1) + "\n")
    stem.with_suffix(".md").write_text(text)
    if not options.matrix:
        stem.with_suffix(".svg").write_text(picture.bars(bars(table)))
    if not options.quick and len(options.lanes) > 1:
        from bench import plots  # noqa: PLC0415 - matplotlib takes longer to import than a quick run has

        plots.draw(table, stem)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    names = [contestant.name for contestant in CONTESTANTS]
    parser = argparse.ArgumentParser(prog="python -m bench.concurrency", description="many at once")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="less of everything: under a minute")
    extent.add_argument("--matrix", action="store_true", help="the whole field, in short samples")
    add_options(parser, 3)
    parser.add_argument("--lanes", nargs="+", type=int, help="invocations at once (default: all)")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, help="(default: all)")
    parser.add_argument("--only", nargs="+", choices=names, help="contestants (default: all)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.lanes = options.lanes or ([4] if options.quick else list(LANES))
    options.workloads = options.workloads or list(MATRIX_WORKLOADS if options.matrix else WORKLOADS)
    options.only = options.only or (list(MATRIX_NAMES) if options.matrix else names)
    options.seconds = QUICK_SECONDS if options.quick else MATRIX_SECONDS if options.matrix else SECONDS
    return options


def take(options: argparse.Namespace, missing: list[str]) -> Iterator[Sample]:
    """Take all samples, contestants innermost, the official client first: its throughput sets the pace.

    What a contestant does not get through (256 processes may be too many) is told, and keeps nothing up.
    """
    began = time.monotonic()
    for turn in rounds(options):
        for lanes in options.lanes:
            for workload in options.workloads:
                pace = 0.0
                for contestant in CONTESTANTS:
                    if contestant.name not in options.only:
                        continue
                    what = f"{contestant.name} x{lanes} {workload}"
                    try:
                        sample = measure(contestant, workload, lanes, pace, options.seconds)
                    except Stuck as error:
                        missing.append(what)
                        print(f"{time.monotonic() - began:5.0f}s {what:45} {error}", file=sys.stderr)
                        continue
                    pace = pace or sample.per_second * OFFERED
                    figures = f"{sample.cpu_us:7.1f} µs {sample.per_second:7.0f}/s {sample.pss_mib:6.1f} MiB"
                    print(f"{time.monotonic() - began:5.0f}s {what:45} {figures}", file=sys.stderr)
                    yield replace(sample, round=turn)


def measure(contestant: Contestant, workload: str, lanes: int, pace: float, seconds: float) -> Sample:
    """Take one sample; without a pace, at half of what this contestant takes itself."""
    module, _, name = WORKLOADS[workload].partition(".")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        event, log_file = folder / "event.json", folder / "log"
        event.write_bytes(EVENT)
        log = stack.enter_context(log_file.open("wb"))
        command = [sys.executable, "-m", "bench.open_loop", str(event), str(lanes)]
        everywhere = os.sched_getaffinity(0)
        server = stack.enter_context(running(command, cores=everywhere, folder=ROOT, stdin=subprocess.PIPE))
        conversation = Talk(server, log_file, PATIENCE_SECONDS + lanes * PER_LANE_SECONDS)
        variables = contestant.variables(int(conversation.hear("listening")), lanes)
        variables |= PLATFORM | {"AWS_LAMBDA_MAX_CONCURRENCY": str(lanes)}
        began = time.monotonic_ns()
        runtime = stack.enter_context(
            running(
                [*contestant.command, f"{module}{contestant.suffix}.{name}{contestant.suffix}"],
                cores=everywhere,
                folder=TASK,
                environment=variables,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        )
        conversation.runtime = runtime
        start = json.loads(conversation.hear("idle"))
        pace_now = conversation.warm_up(lanes, seconds)
        count = max(int(pace_now * seconds), 2 * lanes)
        family = tree(runtime.pid)
        before = cpu_ns(family)
        figures = conversation.serve(count)
        cpu = cpu_ns(family) - before
        per_second = count / (figures["wall_ns"] / 1e9)
        pace = pace or per_second * OFFERED
        offered = conversation.offer(max(int(pace * seconds), 2 * lanes), pace)
        return Sample(
            contestant=contestant.name,
            workload=workload,
            lanes=lanes,
            round=0,
            processes=len(family),
            start_ms=(start["all_polling_ns"] - began) / 1e6,
            first_poll_ms=(start["first_poll_ns"] - began) / 1e6,
            pss_mib=pss_bytes(family) / 2**20,
            per_second=per_second,
            cpu_us=cpu / count / 1000,
            server_cpu_us=figures["server_cpu_ns"] / count / 1000,
            offered_per_second=pace,
            p50_ms=offered["p50_ns"] / 1e6,
            p99_ms=offered["p99_ns"] / 1e6,
        )


class Talk(Conversation):
    """What is said to a server whose callers need not wait."""

    def warm_up(self, lanes: int, seconds: float) -> float:
        """Have some invocations served, not for much longer than a sample; returns how many a second."""
        trial = self.serve(max(FIRST, 2 * lanes))
        pace = float(trial["invocations"] / (trial["wall_ns"] / 1e9))
        more = min(TRIAL - FIRST, int(pace * seconds))
        if more < 2 * lanes:
            return pace
        trial = self.serve(more)
        return float(trial["invocations"] / (trial["wall_ns"] / 1e9))

    def offer(self, count: int, rate: float) -> dict[str, float]:
        """Have so many events arrive, so many per second, and return the server's figures."""
        self.tell(f"offer {count} {rate:.3f}")
        figures: dict[str, float] = json.loads(self.hear("idle"))
        if figures["errors"]:
            raise Stuck(f"not all of {count} invocations succeeded: {figures}\n{self.log()}")
        return figures


if __name__ == "__main__":
    main()
