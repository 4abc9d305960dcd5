"""A small process that outlives a killed emulator just long enough to end the runtimes it started."""

from __future__ import annotations

import os
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

__all__ = ["Guardian", "guard"]

# The emulator tells it of every process group that starts and ends, and of the folders of control groups.
# Its input ends when the emulator does, however that came about, SIGKILL included; whatever group is left
# then, is killed with the descendants that have left it, and such a folder removed. Plain sh: it is there on
# Linux and macOS alike, starts at once, and needs next to no memory.
SHELL = "/bin/sh"
SCRIPT = """
trap '' HUP INT TERM
groups=' '
while read -r change group; do
  case $change in
    +) groups="$groups$group " ;;
    -) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
strays=
descend() {
  for child in $(cat "/proc/$1"/task/*/children || pgrep -P "$1"); do
    strays="$strays $child"
    descend "$child"
  done
}
for group in $groups; do
  case $group in
    /*)
      tries=0
      while [ -d "$group" ] && [ $tries -lt 50 ]; do
        while read -r process; do kill -s KILL "$process"; done < "$group/cgroup.procs"
        # Those that were killed take a moment to be gone.
        rmdir "$group" || sleep 0.1
        tries=$((tries + 1))
      done ;;
    *)
      descend "$group"
      kill -s KILL -- "-$group" ;;
  esac
done 2>/dev/null
for stray in $strays; do kill -s KILL "$stray" 2>/dev/null; done
exit 0
"""


class Guardian:
    """The emulator's end of it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def watch(self, group: int | Path) -> None:
        """Have a process group, or what is in a control group's folder, killed when the emulator is gone."""
        self._tell(f"+ {group}\n")

    def forget(self, group: int | Path) -> None:
        """Leave a group alone: it has ended, and its number may be another's."""
        self._tell(f"- {group}\n")

    def _tell(self, line: str) -> None:
        # A line this short is written whole. Where nobody reads, nobody can be told.
        try:
            os.write(self._descriptor, line.encode())
        except BrokenPipeError:
            return


@asynccontextmanager
async def guard() -> AsyncIterator[Guardian]:
    """Run a guardian while the context is open."""
    reader, writer = os.pipe()
    try:
        process = await anyio.open_process(
            [SHELL, "-c", SCRIPT],
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        os.close(writer)
        raise
    finally:
        os.close(reader)
    try:
        yield Guardian(writer)
    finally:
        os.close(writer)
        with anyio.CancelScope(shield=True):
            await process.aclose()
