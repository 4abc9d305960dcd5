"""How much memory a runtime and its children have used at most, read from the kernel."""

from __future__ import annotations

import os
import time
from pathlib import Path

__all__ = ["MAX_AGE", "MemoryGauge"]

PROC = Path("/proc")
MAX_READ = 64 * 1024
# How old, in seconds, a figure may be: reading it costs as much as a tenth of an invocation.
MAX_AGE = 0.001


class MemoryGauge:
    """The peak of a process tree, in bytes.

    On Linux: the kernel's own high-water mark of the runtime, plus what its children have to themselves
    (pages that a fork shares are counted in part, as a control group counts them once). Elsewhere psutil's
    resident size, which misses a peak between two samples.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._children = 0
        self._peak = 0
        self._read_at = float("-inf")
        try:
            self._status = os.open(PROC / str(pid) / "status", os.O_RDONLY)
        except OSError:
            self._status = -1

    def close(self) -> None:
        """Give the descriptor back."""
        if self._status >= 0:
            os.close(self._status)
            self._status = -1

    def peak(self) -> int:
        """Read the peak, if it was not just read. Children are those of the last sample."""
        now = time.monotonic()
        if now - self._read_at < MAX_AGE:
            return self._peak
        self._read_at = now
        own = self._high_water_mark()
        self._peak = max(self._peak, own + self._children)
        return self._peak

    def sample(self) -> None:
        """Look for children and their size; to be called now and then."""
        if self._status >= 0:
            self._children = sum(proportional_size(pid) for pid in descendants(self.pid))
        else:
            self._peak = max(self._peak, tree_size(self.pid))
        self.peak()

    def _high_water_mark(self) -> int:
        if self._status < 0:
            return 0
        try:
            status = os.pread(self._status, 4096, 0)
        except OSError:
            return 0
        start = status.find(b"VmHWM:")
        # A process that has ended, but was not waited for, has no memory and no such line.
        return int(status[start + 6 :].split(None, 1)[0]) * 1024 if start >= 0 else 0


def descendants(pid: int) -> list[int]:
    """Give the process ids below one, as far as the kernel tells."""
    # By strings: looked at four times a second, where paths as objects take most of the time.
    found: list[int] = []
    queue = [pid]
    while queue:
        tasks = f"{PROC}/{queue.pop()}/task"
        try:
            threads = os.listdir(tasks)  # noqa: PTH208 - see above
        except OSError:
            continue
        for thread in threads:
            children = [int(child) for child in read(f"{tasks}/{thread}/children").split()]
            found += children
            queue += children
    return found


def proportional_size(pid: int) -> int:
    """Give a process's memory in bytes, with its part of what it shares."""
    rollup = read(f"{PROC}/{pid}/smaps_rollup")
    start = rollup.find(b"Pss:")
    return int(rollup[start + 4 :].split(None, 1)[0]) * 1024 if start >= 0 else 0


def read(path: str) -> bytes:
    """Give what the kernel says in a file; nothing where the process is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(descriptor, MAX_READ)
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def tree_size(pid: int) -> int:
    """Give the resident size of a process tree in bytes, where there is no /proc."""
    import psutil  # noqa: PLC0415 - slow to import, and not needed on Linux

    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
        return sum(each.memory_info().rss for each in tree)
    except psutil.Error:
        return 0
