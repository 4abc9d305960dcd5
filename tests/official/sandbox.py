"""A private view of the file system, as the official emulator's Managed Instances mode demands it.

That engine starts `/var/runtime/bootstrap` in `/var/task` as uid 993, whatever it is asked. The real
machine has no such folders, and its interpreter may lie under a home that uid 993 cannot enter. So the
emulator runs in a mount namespace of its own: `/var` is made of memory, and what the runtime must reach is
bound to where it was, below folders that everybody may enter. The machine outside sees none of it, and its
end ends every process inside.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A pid namespace as well: when its first process is killed, the kernel kills the rest.
UNSHARE = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def refusal() -> str | None:
    """Why this machine allows no such sandbox, or None when it does."""
    if os.geteuid() != 0:
        return "Managed Instances mode runs /var/runtime/bootstrap as uid 993, which takes root to arrange"
    try:
        trial = subprocess.run(
            [*UNSHARE, "mount", "-t", "tmpfs", "tmpfs", "/var"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "Managed Instances mode needs unshare(1), of util-linux, and there is none"
    return None if trial.returncode == 0 else f"no private mount namespace here: {trial.stderr.strip()}"


@contextmanager
def sandboxed(
    command: list[str], *, bootstrap: str, task: Path, visible: Iterable[Path]
) -> Iterator[list[str]]:
    """Yield the command that runs the given one with our bootstrap and task, and those paths within reach."""
    # Not the user's TMPDIR: this one must be outside every folder that gets covered.
    with tempfile.TemporaryDirectory(dir="/tmp") as stage:
        script = _script(Path(stage), bootstrap, task, visible)
        yield [*UNSHARE, "sh", "-c", f'{script}\nexec "$@"', "sh", *command]


def interpreter_paths() -> set[Path]:
    """What must be reachable for `sys.executable` to start: its own folders, and where links lead."""
    folders = {Path(sys.prefix), Path(sys.base_prefix)}
    link = Path(sys.executable)
    while link.is_symlink():
        link = link.parent / link.readlink()
        folders.add(link.parent.parent)
    return folders | {folder.resolve() for folder in folders}


def _script(stage: Path, bootstrap: str, task: Path, visible: Iterable[Path]) -> str:
    """Hold on to the visible paths, cover what bars the way, put them back; then fill /var."""
    covers, binds = _barriers(visible)
    held = {path: stage / "held" / str(number) for number, path in enumerate(sorted(binds))}
    lines = [
        "set -e",
        f"mount -t tmpfs tmpfs {stage}",
        f"mkdir {stage}/held",
        f"cp -R {_q(task)} {stage}/task",
    ]
    for path, place in held.items():
        lines += [_mount_point(path, place), f"mount --bind {_q(path)} {place}"]
    lines += [f"mount -t tmpfs -o mode=755 tmpfs {_q(folder)}" for folder in sorted(covers)]
    for path, place in held.items():
        lines += [f"mkdir -p {_q(path.parent)}", _mount_point(path, path), f"mount --bind {place} {_q(path)}"]
    lines += [
        "mkdir -p /var/runtime /var/tmp",
        f"mv {stage}/task /var/task",
        f"printf %s {shlex.quote(bootstrap)} > /var/runtime/bootstrap",
        "chmod 755 /var/runtime/bootstrap && chmod 1777 /var/tmp && chmod -R a+rX /var/task",
        "cd /var/task",
    ]
    return "\n".join(lines)


def _barriers(visible: Iterable[Path]) -> tuple[set[Path], set[Path]]:
    """What to cover with an open folder, and what to bind back into it."""
    covers, binds = {Path("/var")}, set[Path]()
    for path in sorted(visible):
        way = [*reversed(path.parents), path]
        barrier = next((step for step in way if not _anybody_may_enter(step)), None)
        if barrier is not None:
            covers.add(barrier)
        if not _anybody_may_enter(path):
            binds.update(path.iterdir())
        elif barrier is not None or way[1] == Path("/var"):
            binds.add(path)
    return covers, {path for path in binds if not binds.intersection(path.parents)}


def _anybody_may_enter(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def _mount_point(original: Path, place: Path) -> str:
    return f"mkdir -p {_q(place)}" if original.is_dir() else f"touch {_q(place)}"


def _q(path: Path) -> str:
    return shlex.quote(str(path))
