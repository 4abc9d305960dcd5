"""What the life of an environment costs: the deadline's watch, the collector's policy, the end after SIGTERM.

    python -m bench.lifecycle [--rounds N] [--invocations N]

A small Runtime API of this script's own serves one process at a time; contestants take turns within a round.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
TASK = Path(__file__).parent / "task" / "lifecycle"
WARM_UP = 200
POLL = b"GET /2018-06-01/runtime/invocation/next"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
REGISTERED = b"HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: a-b\r\nContent-Length: 2\r\n\r\n{}"

OFF = {"AIORIC_DEADLINE_MARGIN_MS": "0"}
GC = {"AIORIC_GC": "after-response"}
CASES = {
    "watch off, def": ("heap.trivial", OFF),
    "watch on, def": ("heap.trivial", {}),
    "watch off, async def": ("heap.trivial_async", OFF),
    "watch on, async def": ("heap.trivial_async", {}),
    "gc as ever, no garbage": ("heap.trivial", {}),
    "gc after the answer, no garbage": ("heap.trivial", GC),
    "gc as ever, cycles": ("heap.cycles", {}),
    "gc after the answer, cycles": ("heap.cycles", GC),
}
ENDS = {"def": "hooks.trivial", "async def": "hooks.trivial_async"}


@dataclass(frozen=True)
class Sample:
    """One process: from event to answer, from event to the next poll (microseconds), CPU per invocation."""

    answers: list[float]
    turns: list[float]
    cpu: float


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.lifecycle")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--invocations", type=int, default=3000)
    options = parser.parse_args()
    taken: dict[str, list[Sample]] = {name: [] for name in CASES}
    ends: dict[str, list[float]] = {name: [] for name in ENDS}
    for _ in range(options.rounds):
        for name, (handler, environment) in CASES.items():
            taken[name].append(sample(handler, environment, options.invocations))
        for name, handler in ENDS.items():
            ends[name].append(end(handler))
    print("| case | event → answer, µs (range over rounds) | p99 µs | event → poll, µs | CPU µs |")
    print("|---|---|---|---|---|")
    for name, samples in taken.items():
        answers = [median(each.answers) for each in samples]
        late = median(quantiles(each.answers, n=100)[98] for each in samples)
        turns = median(median(each.turns) for each in samples)
        cpu = median(each.cpu for each in samples)
        spread = f"{min(answers):.1f}-{max(answers):.1f}"
        print(f"| {name} | {median(answers):.1f} ({spread}) | {late:.1f} | {turns:.1f} | {cpu:.1f} |")
    print("\n| SIGTERM to exit, idle | median ms | range |\n|---|---|---|")
    for name, seconds in ends.items():
        print(
            f"| {name} | {median(seconds) * 1000:.1f} | {min(seconds) * 1000:.1f}-{max(seconds) * 1000:.1f} |"
        )


def sample(handler: str, environment: dict[str, str], count: int) -> Sample:
    """Serve so many invocations with one process."""
    answers, turns = [], []
    with runtime(handler, environment) as (process, listener):
        connection = accept(listener)
        read_until(connection, b"", POLL)
        rest = b""
        began = 0.0
        for number in range(-WARM_UP, count):
            if number == 0:
                began = cpu(process.pid)
            sent = time.perf_counter()
            connection.sendall(event(number))
            data = read_until(connection, rest, b'{"ok": true}')
            answered = time.perf_counter()
            connection.sendall(ACCEPTED)
            rest = read_until(connection, data.partition(b'{"ok": true}')[2], POLL).partition(b"\r\n\r\n")[2]
            if number >= 0:
                answers.append((answered - sent) * 1e6)
                turns.append((time.perf_counter() - sent) * 1e6)
        used = cpu(process.pid) - began
    return Sample(answers, turns, used / count * 1e6)


def end(handler: str) -> float:
    """The seconds from SIGTERM to the end of an idle process that runs hooks."""
    with runtime(handler, {}) as (process, listener):
        with accept(listener) as registration:
            read_until(registration, b"", b'{"events":[]}')
            registration.sendall(REGISTERED)
        with accept(listener) as waiting, accept(listener) as connection:
            read_until(waiting, b"", b"event/next")
            read_until(connection, b"", POLL)
            connection.sendall(event(1))
            read_until(connection, b"", POLL)
            connection.sendall(ACCEPTED)
            while Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
                continue
            began = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            status = process.wait()
            seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"{handler} ended with status {status}")
    return seconds


@contextmanager
def runtime(
    handler: str, environment: dict[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """The real ./bootstrap, and where it connects to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        variables = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{listener.getsockname()[1]}",
            "LAMBDA_TASK_ROOT": str(TASK),
            "_HANDLER": handler,
            **environment,
        }
        process = subprocess.Popen([str(ROOT / "bootstrap")], env=variables, cwd=TASK)
        try:
            yield process, listener
        finally:
            process.kill()
            process.wait()


def accept(listener: socket.socket) -> socket.socket:
    """The next connection."""
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_until(connection: socket.socket, data: bytes, text: bytes) -> bytes:
    """Everything up to a text, and what came with it."""
    while text not in data:
        more = connection.recv(65536)
        if not more:
            raise SystemExit(f"the runtime has closed the connection after {data!r}")
        data += more
    return data


def event(number: int) -> bytes:
    """An event that times out in three seconds."""
    deadline = int(time.time() * 1000) + 3000
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: id-{number}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {deadline}\r\nContent-Length: 2\r\n\r\n{{}}"
    ).encode()


def cpu(pid: int) -> float:
    """The seconds of CPU that a process has used, to the nanosecond, all its threads."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9


if __name__ == "__main__":
    main()
