"""Compare streams: aioric, FastAPI with uvicorn, and the same chunks written to a bare socket.

    python -m bench.streaming [--quick] [--rounds N] [--sizes 64B 1kB 64kB] [--lanes 1 16] [--only NAME ...]

Interleaved as in `bench.throughput`: a round takes every contestant through every size, next to one another.
CPU is that of the contestant's processes, all of them; the peer's is not counted and runs on another core
where there is one. `--memory` streams 200 MB to a peer that takes them at leisure and reports the growth.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil

from bench import picture, report
from bench.contestants import OURS, TASK
from bench.processes import cpu_ns, running, tree
from bench.rounds import add_options, repeat, rounds
from bench.streaming_peers import Client, Platform, Taken
from bench.streaming_report import FLOOR, WEB, bars, rows, table

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).parent / "results"
SIZES = {"64B": 64, "1kB": 1024, "64kB": 65536}
# Enough for some tenths of a second each.
COUNTS = {"64B": 40_000, "1kB": 40_000, "64kB": 6_000}
QUICK = 10
STREAMS = 16  # per sample at least, so that the first byte has a median
MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """One contestant, one size, once."""

    contestant: str
    lanes: int
    size: str
    round: int
    pieces: int
    cpu_us_per_piece: float
    pieces_per_cpu_second: float
    mb_per_second: float
    first_byte_us: float
    pss_mib: float


def handlers() -> dict[str, tuple[str, ...]]:
    """The contestants' commands; the address follows for those that are no function."""
    return {
        "aioric generator": (*OURS, "streams.generator"),
        "aioric async generator": (*OURS, "streams.asynchronous"),
        WEB: (sys.executable, str(TASK / "web.py")),
        FLOOR: (sys.executable, str(TASK / "floor.py")),
    }


@contextmanager
def contestant(name: str, lanes: int, core: set[int]) -> Iterator[tuple[list[int], Platform | Client]]:
    """Start a contestant; gives its processes and the peer to take its streams."""
    command = list(handlers()[name])
    environment = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]), "LANG": "C.UTF-8"}
    peer: Platform | Client
    copies = 1
    if name == WEB:
        port = free_port()
        peer = Client(lanes, port)
        command.append(str(port))
    else:
        peer = Platform(lanes)
        environment |= {"AWS_LAMBDA_RUNTIME_API": peer.address, "LAMBDA_TASK_ROOT": str(TASK)}
        environment |= {"AWS_LAMBDA_FUNCTION_NAME": "bench", "AIORIC_WORKERS": "1"}
        if name == FLOOR:
            command.append(peer.address)
            copies = lanes
        elif lanes > 1:
            environment["AWS_LAMBDA_MAX_CONCURRENCY"] = str(lanes)
    with several(command, copies, core, environment) as processes:
        if isinstance(peer, Platform):
            peer.await_lanes()
        else:
            await_server(peer, processes[0])
        yield [pid for process in processes for pid in tree(process.pid)], peer


@contextmanager
def several(
    command: list[str], copies: int, core: set[int], environment: dict[str, str]
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run a command as often as it is needed: the bare socket serves one lane."""
    if not copies:
        yield []
        return
    log = subprocess.DEVNULL
    with (
        running(command, cores=core, folder=TASK, environment=environment, stdout=log, stderr=log) as process,
        several(command, copies - 1, core, environment) as others,
    ):
        yield [process, *others]


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def await_server(peer: Client, process: subprocess.Popen[bytes]) -> None:
    """Return when a server answers."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            peer.run(64, 1, 1)
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise TimeoutError("the server does not answer")


def measure(name: str, lanes: int, size: str, turn: int, options: argparse.Namespace) -> Sample:
    """Take one sample."""
    core, own = cores()
    os.sched_setaffinity(0, own)
    count = COUNTS[size] // (QUICK if options.quick else 1)
    streams = max(STREAMS, lanes)
    per_stream = max(1, count // streams)
    with contestant(name, lanes, core) as (pids, peer):
        peer.run(SIZES[size], per_stream, lanes)  # warm up
        before = cpu_ns(pids)
        taken = peer.run(SIZES[size], per_stream, streams)
        cpu = cpu_ns(pids) - before
        memory = sum(psutil.Process(pid).memory_full_info().pss for pid in pids)
    pieces = per_stream * streams
    return Sample(
        name,
        lanes,
        size,
        turn,
        pieces,
        cpu / pieces / 1000,
        pieces / cpu * 1e9,
        pieces * SIZES[size] / taken.wall_ns * 1000,
        first_byte(taken),
        memory / MIB,
    )


def first_byte(taken: Taken) -> float:
    """The median time from the first yield to the first byte at the peer, in microseconds."""
    return median(taken.first_byte_ns) / 1000


def cores() -> tuple[set[int], set[int]]:
    """The contestant's core and ours: apart where there are two."""
    available = sorted(os.sched_getaffinity(0) | AVAILABLE)
    return {available[-1]}, {available[0]}


AVAILABLE = frozenset(os.sched_getaffinity(0))


def grow(name: str) -> dict[str, float]:
    """Stream 200 MB in 64 kB pieces; how much larger the process gets, in MiB of its highest memory."""
    core, own = cores()
    os.sched_setaffinity(0, own)
    with contestant(name, 1, core) as (pids, peer):
        peer.run(65536, 16, 1)
        before = peak(pids)
        peer.run(65536, 200 * MIB // 65536, 1)
        return {"before_mib": before / MIB, "after_mib": peak(pids) / MIB}


def peak(pids: list[int]) -> int:
    """The highest resident memory so far, of all processes."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1]) * 1024
    return total


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    names = list(handlers())
    parser = argparse.ArgumentParser(prog="python -m bench.streaming", description="compare streams")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pieces, one round: a smoke test")
    add_options(parser, 5)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--lanes", nargs="+", type=int, default=[1, 16], help="concurrency")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="contestants")
    parser.add_argument("--no-memory", action="store_true", help="leave out the 200 MB")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for the results")
    options = parser.parse_args(arguments)
    options.rounds = options.rounds or (1 if options.quick else 5)
    return options


def main() -> None:
    """Measure, print a table, leave the raw figures and the table as files."""
    options = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that children are stopped then too
    facts = report.environment() | {"cores": [sorted(each) for each in cores()]}
    for package in ("fastapi", "uvicorn", "httptools"):
        facts["versions"] |= {package: report._version(package)}  # type: ignore[operator]  # noqa: SLF001
    began = datetime.now(UTC)
    samples = []
    for turn in rounds(options):
        for lanes in options.lanes:
            for size in options.sizes:
                for name in options.only:
                    samples.append(measure(name, lanes, size, turn, options))
                    print(
                        f"{turn} {lanes:3} {size:5} {name:24} {samples[-1].cpu_us_per_piece:8.2f}",
                        file=sys.stderr,
                    )
    memory = {} if options.no_memory else {name: grow(name) for name in options.only if name != FLOOR}
    text = table(samples)
    if memory:
        text += "\n### Highest memory before and after a stream of 200 MB, MiB\n\n"
        text += "| | before | after |\n|---|---:|---:|\n"
        for name, figures in memory.items():
            text += f"| {name} | {figures['before_mib']:.1f} | {figures['after_mib']:.1f} |\n"
    machine = f"{facts['processor']}, Python {facts['python']}, {report.versions(facts)}"
    text += f"\nMedians over {1 + max(each.round for each in samples)} rounds; {machine}.\n"
    outcome = {
        "date": began.isoformat(timespec="seconds"),
        "command": repeat("streaming", sys.argv[1:]),
        "environment": facts,
        "samples": [asdict(sample) for sample in samples],
        "rows": rows(samples),
        "memory": memory,
    }
    print(text)
    options.output.mkdir(parents=True, exist_ok=True)
    stem = options.output / f"streaming-{began:%Y%m%dT%H%M%SZ}"
    stem.with_suffix(".json").write_text(json.dumps(outcome, indent=1) + "\n")
    stem.with_suffix(".md").write_text(text)
    stem.with_suffix(".svg").write_text(picture.bars(bars(samples)))


if __name__ == "__main__":
    main()
