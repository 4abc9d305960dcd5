"""Compare aioric with AWS's own client where many invocations run at once: Managed Instances.

    python -m bench.concurrency [--quick] [--rounds N] [--lanes 16] [--workloads empty] [--only NAME]

For each runtime, workload and concurrency: the time from exec to all slots polling; memory once it has
served; CPU and throughput when every lane is always busy; latency when events arrive at half of what the
official client can take. Interleaved, and every sample is a fresh process.
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

OFFERED = 0.5  # of what the official client took, in the same round
SECONDS = 2.0  # of work, for one figure
QUICK_SECONDS = 0.3
TRIAL = 400  # invocations to warm up, and to find out how many make the seconds


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
    samples = list(take(options))
    table = summarise(samples)
    text = markdown(table, facts)
    outcome = {
        "date": began.isoformat(timespec="seconds"),
        "command": repeat("concurrency", sys.argv[1:]),
        "environment": facts,
        "samples": [asdict(sample) for sample in samples],
        "rows": [asdict(row) for row in table],
    }
    print(text)
    stem = options.output / f"concurrency-{began:%Y%m%dT%H%M%SZ}"
    options.output.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(".json").write_text(json.dumps(outcome, indent=1) + "\n")
    stem.with_suffix(".md").write_text(text)
    stem.with_suffix(".svg").write_text(picture.bars(bars(table)))
    if not options.quick and len(options.lanes) > 1:
        from bench import plots  # noqa: PLC0415 - matplotlib takes longer to import than a quick run has

        plots.draw(table, stem)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    names = [contestant.name for contestant in CONTESTANTS]
    parser = argparse.ArgumentParser(prog="python -m bench.concurrency", description="many at once")
    parser.add_argument("--quick", action="store_true", help="less of everything: under a minute")
    add_options(parser, 3)
    parser.add_argument("--lanes", nargs="+", type=int, help="invocations at once (default: all)")
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, help="(default: all)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="contestants")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.lanes = options.lanes or ([4] if options.quick else list(LANES))
    options.workloads = options.workloads or list(WORKLOADS)
    return options


def take(options: argparse.Namespace) -> Iterator[Sample]:
    """Take all samples, contestants innermost, the official client first: its throughput sets the pace."""
    began = time.monotonic()
    for turn in rounds(options):
        for lanes in options.lanes:
            for workload in options.workloads:
                pace = 0.0
                for contestant in CONTESTANTS:
                    if contestant.name not in options.only:
                        continue
                    sample = measure(contestant, workload, lanes, pace, quick=options.quick)
                    pace = pace or sample.per_second * OFFERED
                    what = f"{contestant.name} x{lanes} {workload}"
                    figures = f"{sample.cpu_us:7.1f} µs {sample.per_second:7.0f}/s {sample.pss_mib:6.1f} MiB"
                    print(f"{time.monotonic() - began:5.0f}s {what:45} {figures}", file=sys.stderr)
                    yield replace(sample, round=turn)


def measure(contestant: Contestant, workload: str, lanes: int, pace: float, *, quick: bool) -> Sample:
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
        conversation = Talk(server, log_file)
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
        start = json.loads(conversation.hear("idle"))
        trial = conversation.serve(max(TRIAL // 4 if quick else TRIAL, 2 * lanes))
        pace_now = trial["invocations"] / (trial["wall_ns"] / 1e9)
        count = max(int(pace_now * (QUICK_SECONDS if quick else SECONDS)), 2 * lanes)
        family = tree(runtime.pid)
        before = cpu_ns(family)
        figures = conversation.serve(count)
        cpu = cpu_ns(family) - before
        per_second = count / (figures["wall_ns"] / 1e9)
        pace = pace or per_second * OFFERED
        offered = conversation.offer(max(int(pace * (QUICK_SECONDS if quick else SECONDS)), 2 * lanes), pace)
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

    def offer(self, count: int, rate: float) -> dict[str, float]:
        """Have so many events arrive, so many per second, and return the server's figures."""
        self.tell(f"offer {count} {rate:.3f}")
        figures: dict[str, float] = json.loads(self.hear("idle"))
        if figures["errors"]:
            raise Stuck(f"not all of {count} invocations succeeded: {figures}\n{self.log()}")
        return figures


if __name__ == "__main__":
    main()
