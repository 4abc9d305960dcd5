"""Hot reload: when a function's files change, calls are served by new environments.

Needs watchfiles, which `aioric[emulator]` brings along. It is asked by the system, on every platform.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from watchfiles import Change

    from aioric_emulator.hosted_function import HostedFunction

__all__ = ["reload_changed"]

# What a function is made of. What it writes, a log or a database, is no reason to start it anew.
SOURCES = frozenset({".cfg", ".env", ".ini", ".json", ".py", ".so", ".toml", ".yaml", ".yml"})
# How long files have to be quiet, at most and at least, in milliseconds: an editor writes a file in steps.
DEBOUNCE = 400
STEP = 30


async def reload_changed(
    functions: Iterable[HostedFunction], on_reload: Callable[[HostedFunction, Path], None]
) -> None:
    """Renew each function whose folder changes, or that of its extensions, for ever.

    `on_reload` is told the function and a file.
    """
    from watchfiles import DefaultFilter, awatch  # noqa: PLC0415 - only hot reload needs it

    by_root: dict[Path, list[HostedFunction]] = {}
    programs: set[Path] = set()
    for function in functions:
        root, extensions = function.configuration.task_root.resolve(), function.configuration.extensions
        by_root.setdefault(root, []).append(function)
        if extensions is not None and extensions.is_dir():
            programs.add(extensions.resolve())
            # One within the function's own folder is watched with that.
            if not extensions.resolve().is_relative_to(root):
                by_root.setdefault(extensions.resolve(), []).append(function)

    class Sources(DefaultFilter):
        """The files that functions are made of, outside of folders such as `.git` and `.venv`."""

        def __call__(self, change: Change, path: str) -> bool:
            # A program may have any name.
            is_program = Path(path).parent in programs and os.access(path, os.X_OK)
            return (is_program or Path(path).suffix in SOURCES) and super().__call__(change, path)

    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(set_when_cancelled, stop)
        async for changes in awatch(
            *by_root, watch_filter=Sources(), debounce=DEBOUNCE, step=STEP, stop_event=stop
        ):
            paths = sorted(Path(path) for _, path in changes)
            for root, ours in by_root.items():
                changed = next((path for path in paths if path.is_relative_to(root)), None)
                if changed is not None:
                    for function in ours:
                        function.renew()
                        on_reload(function, changed)


async def set_when_cancelled(stop: anyio.Event) -> None:
    """Tell the watching thread of a cancellation, which does not reach it and has to wait for it."""
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()
