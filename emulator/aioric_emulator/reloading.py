"""Hot reload: when a function's files change, calls are served by new environments.

Needs watchfiles, which `aioric[emulator]` brings along. It is asked by the system, on every platform.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from watchfiles import Change

    from aioric_emulator.hosted_function import HostedFunction

__all__ = ["reload_changed"]

# What a function is made of. What it writes, a log or a database, is no reason to start it anew.
CODE = frozenset({".py", ".so"})
# Of these only what was there at the start: `aws lambda invoke ... out.json` writes one with each call.
DATA = frozenset({".cfg", ".env", ".ini", ".json", ".toml", ".yaml", ".yml"})
# How long files have to be quiet, at most and at least, in milliseconds: an editor writes a file in steps.
DEBOUNCE = 400
STEP = 30


async def reload_changed(
    functions: Iterable[HostedFunction],
    on_reload: Callable[[Sequence[HostedFunction], Path], None],
    written: Iterable[Path] = (),
) -> None:
    """Renew each function whose folder changes, or one of its layers or extensions, for ever.

    `on_reload` is told the functions and a file. `written` are files that change by being served.
    """
    from watchfiles import DefaultFilter, awatch  # noqa: PLC0415 - only hot reload needs it

    functions = [*functions]
    by_root, programs = find_folders(functions)
    ours = find_written(functions, written)
    ignored = frozenset(DefaultFilter.ignore_dirs)
    data = await anyio.to_thread.run_sync(find_data, [*by_root], ignored) - ours

    class Sources(DefaultFilter):
        """The files that functions are made of, outside of folders such as `.git` and `.venv`."""

        def __call__(self, change: Change, path: str) -> bool:
            # A program may have any name.
            is_program = Path(path).parent in programs and os.access(path, os.X_OK)
            is_source = Path(path).suffix in CODE or path in data
            return (is_program or is_source) and super().__call__(change, path)

    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(set_when_cancelled, stop)
        async for changes in awatch(
            *by_root, watch_filter=Sources(), debounce=DEBOUNCE, step=STEP, stop_event=stop
        ):
            renew_below(by_root, sorted(Path(path) for _, path in changes), on_reload)


def find_folders(functions: Iterable[HostedFunction]) -> tuple[dict[Path, list[HostedFunction]], set[Path]]:
    """Give the folders to watch, with the functions that each of them is for, and those of programs."""
    by_root: dict[Path, list[HostedFunction]] = {}
    programs: set[Path] = set()
    for function in functions:
        configuration = function.configuration
        folders = [path.resolve() for path in configuration.extension_folders if path.is_dir()]
        programs |= {*folders, *(layer / "bin" for layer in configuration.layers)}
        watched: list[Path] = []
        for folder in (configuration.task_root.resolve(), *configuration.layers, *folders):
            # One within another of the function's is watched with that.
            if not any(folder.is_relative_to(each) for each in watched):
                watched.append(folder)
                by_root.setdefault(folder, []).append(function)
    return by_root, programs


def find_written(functions: Iterable[HostedFunction], written: Iterable[Path]) -> set[str]:
    """Give the files that are written while functions are served, destinations of events among them."""
    ours = {str(path.resolve()) for path in written}
    for function in functions:
        events = function.configuration.destinations
        for each in (events.on_success, events.on_failure):
            if isinstance(each, Path):
                ours.add(str(each.resolve()))
    return ours


def renew_below(
    by_root: Mapping[Path, Sequence[HostedFunction]],
    paths: Sequence[Path],
    on_reload: Callable[[Sequence[HostedFunction], Path], None],
) -> None:
    """Renew the functions in whose folders these files are."""
    for root, concerned in by_root.items():
        changed = next((path for path in paths if path.is_relative_to(root)), None)
        if changed is not None:
            for function in concerned:
                function.renew()
            on_reload(concerned, changed)


def find_data(roots: Iterable[Path], ignored: Container[str]) -> set[str]:
    """Give the files of data below some folders, as they are now."""
    found = set()
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name not in ignored]
            found |= {str(Path(folder, name)) for name in files if Path(name).suffix in DATA}
    return found


async def set_when_cancelled(stop: anyio.Event) -> None:
    """Tell the watching thread of a cancellation, which does not reach it and has to wait for it."""
    try:
        await anyio.sleep_forever()
    finally:
        stop.set()
