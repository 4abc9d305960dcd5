"""The file that `aioric optimize` wrote into the function's folder: an index, and what it points to.

Its first lines name the format and the interpreter to the build, since neither bytecode nor compiled
expressions mean anything to another one. Offsets count from the end of the index.
"""

from __future__ import annotations

import os
import sys
from marshal import loads

from aioric.ahead import STEP_BYTES, announce

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

NAME = ".aioric/start.pack"
FAMILY = b"aioric pack "
FORMAT = FAMILY + b"3\n"
LENGTH_DIGITS = 12
TASK, STDLIB, ELSEWHERE = range(3)

# Archives keep times in steps of two seconds, so a file may look that much younger than it is.
GRAIN_NS = 2_000_000_000


def interpreter() -> bytes:
    """What a pack must have been made with."""
    name = f"{sys.implementation.cache_tag} {sys.version} -O{sys.flags.optimize}"
    return name.replace("\n", " ").encode() + b"\n"


class Pack:
    """An open pack.

    Args:
        task_root: The function's folder, which the pack lies in.

    Attributes:
        modules: Name → (which root, path below it, whether it is a package, offset, length, and the source's
            size and time).
        memos: Kind of memo → (offset, length).
        documents: Path below the task root → (offset, length, size and time of the file).
        lazy: Names of modules to load when something in them is asked for.

    Raises:
        OSError: There is none.
        ValueError: It was made for another interpreter or by another aioric, or it is damaged.
    """

    def __init__(self, task_root: str) -> None:
        self._file = os.open(f"{task_root}/{NAME}", os.O_RDONLY | os.O_CLOEXEC)
        self._made = os.fstat(self._file).st_mtime_ns
        self.roots = (task_root, os.__file__.rpartition("/")[0], "")
        expected = FORMAT + interpreter()
        head = os.pread(self._file, len(expected) + LENGTH_DIGITS, 0)
        if not head.startswith(expected):
            self.close()
            raise ValueError(_refusal(head))
        length = int(head[len(expected) :])
        data = os.pread(self._file, length, len(head))
        index: dict[str, Any] = loads(data)  # noqa: S302 - as trusted as the bytecode beside it
        self._base = len(head) + length
        if self._base + index["bytes"] != os.fstat(self._file).st_size:
            self.close()
            raise ValueError("it is damaged")
        # The kernel reads on while we import: on storage that is far away this is most of the gain.
        for offset in range(0, self._base + index["bytes"], STEP_BYTES):
            os.posix_fadvise(self._file, offset, STEP_BYTES, os.POSIX_FADV_WILLNEED)
        self._announce(index["ahead"])
        self.modules: Mapping[str, tuple[int, str, bool, int, int, int, int]] = index["modules"]
        self.memos: Mapping[str, tuple[int, int]] = index["memos"]
        self.documents: Mapping[str, tuple[int, int, int, int]] = index["documents"]
        self.lazy: frozenset[str] = index["lazy"]

    def _announce(self, files: list[tuple[int, str]]) -> None:
        """Have the kernel read the beginning of other files too; each may be gone, or be anything."""
        for root, below in files:
            home = self.roots[root]
            announce(f"{home}/{below}" if home else below)

    def read(self, offset: int, length: int) -> Any:
        """The object that was stored there."""
        return loads(os.pread(self._file, length, self._base + offset))  # noqa: S302 - likewise

    def unchanged(self, root: int, path: str, size: int, time_ns: int) -> bool:
        """Whether a file is the one that was packed.

        In the function's folder, which is copied and unpacked: as long, and not younger than the pack.
        Outside, where another machine may have another build: as long and exactly as old.
        """
        try:
            found = os.stat(path)  # noqa: PTH116 - pathlib costs more than a start saves
        except OSError:
            return False
        if found.st_size != size:
            return False
        if root == TASK:
            return found.st_mtime_ns <= self._made + GRAIN_NS
        return found.st_mtime_ns == time_ns

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def _refusal(head: bytes) -> str:
    """Why a file is no pack for us, by how it begins."""
    if not head.startswith(FAMILY) or b"\n" not in head:
        return "it is damaged"
    if not head.startswith(FORMAT):
        return "another version of aioric made it. Run this one's `aioric optimize` again"
    made_for = head[len(FORMAT) :].partition(b"\n")[0].decode(errors="replace")
    ours = interpreter().decode().rstrip("\n")
    if ours.startswith(made_for):
        return "it is damaged"
    return f"it was made for another interpreter ({made_for}; this is {ours})"
