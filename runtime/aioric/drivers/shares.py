"""How many worker processes there are, and how many invocations at once each of them takes."""

from __future__ import annotations

import os

# Where a container reads its own share of the CPU, as "QUOTA PERIOD" in microseconds, or "max PERIOD".
CPU_QUOTA = "/sys/fs/cgroup/cpu.max"


def split(lanes: int, workers: int) -> list[int]:
    """`lanes` spread over at most `workers` processes as evenly as can be; the sum is always `lanes`."""
    workers = min(workers, lanes)
    least, more = divmod(lanes, workers)
    return [least + 1] * more + [least] * (workers - more)


def usable_cpus(quota_file: str = CPU_QUOTA) -> int:
    """The processors that this process may use, at least one: its affinity, less if a quota says so."""
    # Not `os.cpu_count`: it counts the machine's. Nor `os.process_cpu_count`, which is new in 3.13.
    allowed = len(os.sched_getaffinity(0))
    try:
        with open(quota_file, "rb") as file:  # noqa: PTH123 - pathlib costs an import
            quota, _, period = file.read().partition(b" ")
        # Rounded up: a process too many costs memory, one too few leaves paid time unused.
        return max(1, min(allowed, -(-int(quota) // int(period))))
    except (OSError, ValueError, ZeroDivisionError):  # no quota, or none that we can read
        return allowed
