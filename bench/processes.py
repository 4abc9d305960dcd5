"""Process trees: started on chosen cores, measured, and never left behind."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STOP_SECONDS = 5.0


@contextmanager
def running(
    argv: list[str],
    *,
    cores: set[int],
    folder: Path,
    environment: dict[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, which inherits its cores from us, and end its whole tree at the end."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        process = subprocess.Popen(
            argv, cwd=folder, env=environment, stdin=stdin, stdout=stdout, stderr=stderr, bufsize=0
        )
    finally:
        os.sched_setaffinity(0, ours)
    with process:
        try:
            yield process
        finally:
            _end(process)


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    root = psutil.Process(pid)
    return sorted([pid, *(child.pid for child in root.children(recursive=True))])


def cpu_ns(pids: list[int]) -> int:
    """User and system time of the processes, to the nanosecond, threads that have ended included.

    This is each process' own CPU clock, whose id clock_getcpuclockid(3) derives from the pid like this. The
    figures of /proc/<pid>/stat are the same ones in steps of 10 ms, and those of /proc/<pid>/schedstat lack
    the threads that have ended, of which the official client's threaded polling leaves one per invocation.
    """
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids)


def pss_bytes(pids: list[int]) -> int:
    """Memory, in which a page that several processes share counts once in all."""
    return sum(psutil.Process(pid).memory_full_info().pss for pid in pids)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill by pid: whoever is still here has been measured."""
    if process.poll() is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    for relative in family:
        relative.kill()
    process.kill()
    process.wait(STOP_SECONDS)
