"""Load on an Invoke endpoint by wrk: every connection calls again as soon as it has its answer."""

from __future__ import annotations

import re
import resource
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parent / "invoke.lua"
PATIENCE_SECONDS = 30
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


class LoadError(Exception):
    """What wrk wrote is not what it writes when all is well."""


@dataclass(frozen=True)
class Load:
    """What the callers saw. `refused` are those of the answers that are not the function's."""

    answers: int
    refused: int
    seconds: float
    p99_ms: float
    cpu_us: float


def call(url: str, connections: int, seconds: int) -> Load:
    """Call with so many connections for so long.

    Raises:
        LoadError: Connections broke, or nothing was answered.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(SCRIPT), url]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + PATIENCE_SECONDS, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read(run.stdout, cpu * 1e6)


def read(text: str, cpu_us: float) -> Load:
    """Read what wrk says at its end."""
    whole = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", text)
    quantile = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", text)
    if "Socket errors" in text or whole is None or quantile is None or whole[1] == "0":
        raise LoadError(f"wrk did not get its answers:\n{text}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return Load(
        answers=int(whole[1]),
        refused=int(refused[1]) if refused else 0,
        seconds=float(whole[2]) * UNITS[whole[3]] / 1e3,
        p99_ms=float(quantile[1]) * UNITS[quantile[2]],
        cpu_us=cpu_us,
    )
