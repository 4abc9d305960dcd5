"""The external extensions of one environment: the files of a folder, each a process of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import anyio

from aioric_emulator.process import launch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from anyio.abc import TaskGroup

    from aioric_emulator.guardian import Guardian
    from aioric_emulator.process import RuntimeProcess

__all__ = ["ExtensionProcesses", "find_extension", "find_extensions"]


def find_extensions(folders: Iterable[Path], warn: Callable[[str], None]) -> tuple[str, ...]:
    """Give the names of the executable files directly in some folders, in order; hidden ones are none.

    A later folder's file stands for an earlier one's of its name. `warn` is told of other files: somebody may
    have forgotten to make them executable.
    """
    files: dict[str, Path] = {}
    for folder in folders:
        if folder.is_dir():
            files |= {path.name: path for path in folder.iterdir() if path.is_file()}
    names = []
    for name, path in sorted(files.items()):
        if name.startswith("."):
            continue
        if os.access(path, os.X_OK):
            names.append(name)
        else:
            warn(f"aioric: the extension {path.name} is not executable, and is not started: chmod +x {path}")
    return tuple(names)


def find_extension(folders: Sequence[Path], name: str) -> Path:
    """Give the file of an extension that was found in some folders."""
    places = [folder / name for folder in reversed(folders)]
    return next((place for place in places if place.is_file()), places[0])


class ExtensionProcesses:
    """The processes, by the names of their files.

    `on_start` is given each as it starts, and `on_exit` is told of each that ends by itself.
    """

    def __init__(
        self,
        guardian: Guardian,
        on_start: Callable[[RuntimeProcess], None],
        on_exit: Callable[[str, int], None],
    ) -> None:
        self._guardian = guardian
        self._on_start = on_start
        self._on_exit = on_exit
        self._running: dict[str, RuntimeProcess] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The process ids, by name."""
        return {name: process.pid for name, process in self._running.items()}

    async def start(
        self, path: Path, variables: Mapping[str, str], log: int, folder: Path, tasks: TaskGroup
    ) -> None:
        """Start one, in a folder, with both its output streams in a log. Raises `OSError` where it cannot."""
        process = await launch([str(path)], folder, variables, log, (), self._guardian)
        self._running[path.name] = process
        self._on_start(process)
        tasks.start_soon(self._watch, path.name, process)

    async def _watch(self, name: str, process: RuntimeProcess) -> None:
        self._on_exit(name, await process.wait())

    def freeze(self) -> None:
        """Stop them where they are."""
        for process in self._running.values():
            process.freeze()

    def thaw(self) -> None:
        """Let them go on."""
        for process in self._running.values():
            process.thaw()

    async def end(self, killed: Iterable[str], seconds: float) -> None:
        """End them all: some at once, the others once they have ended, or after some seconds."""
        names = frozenset(killed)
        async with anyio.create_task_group() as tasks:
            for name, process in self._running.items():
                tasks.start_soon(end_process, process, 0.0 if name in names else seconds)


async def end_process(process: RuntimeProcess, seconds: float) -> None:
    """Give a process some seconds to end by itself, and end all that is left of it."""
    with anyio.move_on_after(seconds):
        await process.wait()
    await process.end(0.0)
