"""How long `aioric dev` takes from its exec to the first answer of a trivial function, and what takes it.

    python -m bench.dev_start [--rounds N] [--budget MS]

Each round is a fresh process, called as soon as it listens. `listens` is the interpreter, our imports and the
guardian's start; `init` the runtime's, from its launch to its first poll, as REPORT has it; `other` the call
and what runs beside it. `cpu` is what emulator and runtime spent until then: a busy machine changes it least.
Milliseconds: lowest, median, highest. With `--budget` a median of the total above it is a failure.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from bench.emulators import PATH, free_port
from bench.processes import cpu_ns, running
from bench.stats import spread

FUNCTION = "def handler(event, context):\n    return event\n"
CALL = (
    f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode()
)
INIT = re.compile(rb"Init Duration: ([\d.]+) ms")
PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Start:
    """One start, in milliseconds."""

    total: float
    listens: float
    init: float
    cpu: float

    @property
    def other(self) -> float:
        """What is neither."""
        return self.total - self.listens - self.init


def take(folder: Path) -> Start:
    """Start once, and call. Raises `TimeoutError`."""
    port = free_port()
    command = [sys.executable, "-m", "aioric_emulator.cli", "dev", "app.handler", "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        began = time.monotonic()
        with running(
            command,
            cores=os.sched_getaffinity(0),
            folder=folder,
            environment=dict(os.environ),
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process:
            with connect(port) as caller:
                listens = time.monotonic()
                caller.sendall(CALL)
                answer = b"".join(iter(lambda: caller.recv(65536), b""))
            answered = time.monotonic()
            family = [
                process.pid,
                *(each.pid for each in psutil.Process(process.pid).children(recursive=True)),
            ]
            cpu = cpu_ns(family) / 1e6
            if not answer.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"the function did not answer: {answer.decode()}")
            init = read_init(log)
    return Start((answered - began) * 1000, (listens - began) * 1000, init, cpu)


def connect(port: int) -> socket.socket:
    """Connect as soon as somebody listens. Raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            return socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)
        except ConnectionRefusedError:
            time.sleep(0.002)
    raise TimeoutError(f"nobody listens on port {port}")


def read_init(log: BinaryIO) -> float:
    """Give the first REPORT's init, which is written soon after the answer. Raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        log.seek(0)
        if found := INIT.search(log.read()):
            return float(found[1])
        time.sleep(0.01)
    raise TimeoutError("no REPORT with an init in the log")


def main() -> None:
    """Take the rounds, and print them."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.dev_start", description="time `aioric dev`'s start"
    )
    parser.add_argument("--rounds", type=int, default=9, help="how many starts (default 9)")
    parser.add_argument("--budget", type=float, help="milliseconds that the median may take")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "app.py").write_text(FUNCTION)
        take(folder)  # so that bytecode is there
        starts = [take(folder) for _ in range(options.rounds)]
    for part in ("total", "listens", "init", "other", "cpu"):
        found = spread([getattr(each, part) for each in starts])
        print(f"{part:8} {found.low:7.0f} {found.median:7.0f} {found.high:7.0f}")
    taken = spread([each.total for each in starts]).median
    if options.budget is not None and taken > options.budget:
        raise SystemExit(f"the first answer takes {taken:.0f} ms, and {options.budget:.0f} are allowed")


if __name__ == "__main__":
    main()
