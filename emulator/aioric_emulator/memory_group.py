"""The kernel's own memory limit: a control group for each environment, where this machine lets us make one.

Both versions of control groups, as they are mounted. Nothing is turned on that is not: a place is a group
that already hands memory limits down, and that is ours to write to. A group holds the processes of one
environment; one of them that needs more is killed at that moment, as on the platform.
https://docs.kernel.org/admin-guide/cgroup-v2.html
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

import itertools
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MemoryGroup", "NoGroupError", "Place", "find_place"]

PROC = Path("/proc/self")
PROCESSES = "cgroup.procs"
SWAP_V1 = "memory.memsw.limit_in_bytes"
# Enough for a shell, and so for a trial.
TRIAL = 16 * 1024 * 1024


class NoGroupError(OSError):
    """No control group can be made here; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A group below which others can be made. `version` is that of the kernel's interface."""

    folder: Path
    version: int
    _numbers: Iterator[int] = field(default_factory=itertools.count, compare=False)

    def make(self, limit: int) -> MemoryGroup:
        """Make a group with a limit in bytes. Raises `OSError`."""
        folder = self.folder / f"aioric-{os.getpid()}-{next(self._numbers)}"
        folder.mkdir()
        group = MemoryGroup(folder, self.version)
        try:
            group.limit(limit)
        except OSError:
            group.remove()
            raise
        return group


class MemoryGroup:
    """A control group of processes that have one limit together."""

    def __init__(self, folder: Path, version: int) -> None:
        self.folder = folder
        self._version = version

    def limit(self, size: int) -> None:
        """Have the kernel keep to a size in bytes, without room in swap. Raises `OSError`."""
        if self._version == 1:
            self._write("memory.limit_in_bytes", size)
            # Not there where the kernel does not count swap.
            if (self.folder / SWAP_V1).exists():
                self._write(SWAP_V1, size)
            return
        self._write("memory.max", size)
        self._write("memory.oom.group", 1)
        if (self.folder / "memory.swap.max").exists():
            self._write("memory.swap.max", 0)

    def add(self, pid: int) -> None:
        """Take a process in, with all that it starts from now on. One that has ended is left."""
        with suppress(ProcessLookupError):
            self._write(PROCESSES, pid)

    @property
    def has_killed(self) -> bool:
        """Whether the kernel has ended a process for want of memory."""
        name = "memory.oom_control" if self._version == 1 else "memory.events"
        counts = dict(line.split() for line in (self.folder / name).read_text().splitlines())
        return counts.get("oom_kill", "0") != "0"

    def remove(self) -> bool:
        """Remove it, unless there are processes in it. Give whether it is gone."""
        try:
            self.folder.rmdir()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def _write(self, name: str, value: int) -> None:
        # Never made: what looks like a control group and is none, has no such file.
        with open(self.folder / name, "w", opener=open_existing) as file:
            file.write(str(value))


def open_existing(path: str, _flags: int) -> int:
    """Open a file that is there."""
    return os.open(path, os.O_WRONLY)


def find_place(proc: Path = PROC) -> Place:
    """Find where groups can be made, and try it. Raises `NoGroupError`, which says what is in the way."""
    try:
        place = look_for_place((proc / "cgroup").read_text(), (proc / "mountinfo").read_text())
        place.make(TRIAL).remove()
    except NoGroupError:
        raise
    except OSError as error:
        raise NoGroupError(f"{error.strerror}: {error.filename}") from None
    return place


def look_for_place(memberships: str, mounts: str) -> Place:
    """Give the nearest group that hands memory limits down. Raises `NoGroupError`."""
    # Hierarchy, controllers, path; the one of version 2 has no controllers.
    own = {
        controllers: path
        for _, controllers, path in (each.split(":", 2) for each in memberships.splitlines())
    }
    v1 = next((path for controllers, path in own.items() if "memory" in controllers.split(",")), None)
    version, path = (2, own.get("")) if v1 is None else (1, v1)
    if path is None:
        raise NoGroupError("this process is in no control group")
    top, folder = locate(mounts, version, path)
    if version == 1:
        return Place(check_writable(folder), 1)
    for candidate in (folder, *folder.parents):
        handed_down = (candidate / "cgroup.subtree_control").read_text().split()
        if "memory" in handed_down:
            # Processes pass through it on their way from our group.
            check_writable(candidate / PROCESSES)
            return Place(check_writable(candidate), 2)
        if candidate == top:
            break
    raise NoGroupError("no control group above this process hands memory limits down")


def locate(mounts: str, version: int, path: str) -> tuple[Path, Path]:
    """Give where the control groups of a version are mounted, and where the one of a path is."""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        root, point = before.split()[3:5]
        kind, _, options = after.split(None, 2)
        if kind != ("cgroup" if version == 1 else "cgroup2"):
            continue
        if version == 1 and "memory" not in options.split(","):
            continue
        inside = os.path.relpath(path, root)
        if inside == ".." or inside.startswith("../"):
            raise NoGroupError(f"this process's control group {path} is not mounted here")
        return Path(point), Path(point, inside)
    raise NoGroupError("no control groups for memory are mounted")


def check_writable(path: Path) -> Path:
    """Give a path. Raises `NoGroupError` where this user may not write to it."""
    if not os.access(path, os.W_OK):
        raise NoGroupError(f"{path} is not this user's to write to")
    return path
