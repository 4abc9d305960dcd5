"""The steps of `aioric optimize`: bytecode, pack, report, budget."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aioric
from aioric_emulator.optimize import flame, imports
from aioric_emulator.optimize.packing import FAILURE

if TYPE_CHECKING:
    from aioric_emulator.optimize.imports import Module

RUNTIME = Path(aioric.__file__).parents[1]
RECORDING = Path(__file__).with_name("recording.py")
SHOWN_SHARE = 100  # the report leaves out what takes less than one part in so many


class CannotOptimize(Exception):
    """The function cannot be imported, or not be packed; the message says why."""


def compile_bytecode(folder: Path, *, unchecked: bool) -> None:
    """Compile everything, with a hash of the source in place of its time.

    A time does not survive most ways into a container or an archive, and bytecode that looks stale is
    compiled again at each start. Unchecked, the interpreter does not even read the source.

    Raises:
        CannotOptimize: The folder cannot be written to.
    """
    if not os.access(folder, os.W_OK):
        raise CannotOptimize(f"{folder} cannot be written to, so nothing can be left there")
    mode = "unchecked-hash" if unchecked else "checked-hash"
    command = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", mode, str(folder)]
    # Packages ship templates and tests in other Pythons; what cannot be compiled is not imported either.
    subprocess.run(  # noqa: S603 - our own list
        command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def pack(folder: Path, handler: str, lazy: list[str]) -> dict[str, Any]:
    """Pack what the handler's import takes; returns what is in it.

    Args:
        folder: The function's.
        handler: Its name.
        lazy: The modules to load when something in them is asked for.

    Raises:
        CannotOptimize: The handler cannot be imported.
    """
    told = _record(folder, handler, words=["--lazy", *lazy])
    summary: dict[str, Any] = json.loads(told.stdout.splitlines()[-1])
    if FAILURE in summary:
        raise CannotOptimize(summary[FAILURE])
    return summary


def find_lazy(folder: Path, handler: str, events: list[Path], target: Path) -> str:
    """List what is imported and not used; returns what was found, in a line.

    Raises:
        CannotOptimize: An event cannot be served.
    """
    from aioric_emulator.optimize import unused  # noqa: PLC0415 - the local Lambda is needed for nothing else

    try:
        found = asyncio.run(unused.find(folder, handler, events, RUNTIME))
    except unused.CannotServe as error:
        raise CannotOptimize(str(error)) from None
    unused.write(target, handler, events, found)
    standard = sum(1 for each in found if each.is_standard)
    return (
        f"{target}: {standard} modules of the standard library, {len(found) - standard} others in comments."
        " Read it, then: aioric optimize --lazy"
    )


def read_list(path: Path) -> list[str]:
    """The names in a list for `--lazy`.

    Raises:
        CannotOptimize: It is none.
    """
    from aioric_emulator.optimize import unused  # noqa: PLC0415 - likewise

    try:
        return unused.read(path)
    except ValueError as error:
        raise CannotOptimize(str(error)) from None


def account(folder: Path, handler: str) -> Module:
    """The tree of the handler's import.

    Raises:
        CannotOptimize: The handler cannot be imported.
    """
    told = _record(folder, handler, "-X", "importtime", words=["--import"]).stderr
    module = handler.partition(":")[0] if ":" in handler else handler.rpartition(".")[0]
    return imports.parse(told, module.replace("/", "."))


def report(tree: Module) -> str:
    """For people: the tree, and the ten changes that would save most."""
    lines = [imports.text(tree, tree.total_us // SHOWN_SHARE), "", "What would save most:"]
    for change in imports.changes(tree):
        modules = "1 module" if change.modules == 1 else f"{change.modules} modules"
        saving = f"{change.saves_us / 1000:7.1f} ms"
        lines.append(f"{saving}  {change.importer} without {change.imported} ({modules})")
    return "\n".join(lines)


def over_budget(tree: Module, max_ms: float | None, forbidden: tuple[str, ...]) -> list[str]:
    """What the budget does not allow."""
    names = {module.name for module in tree.walk()}
    found = [f"{name} is imported, and forbidden" for name in forbidden if name in names]
    if max_ms is not None and tree.total_us > max_ms * 1000:
        found.append(f"the import takes {tree.total_us / 1000:.0f} ms, and {max_ms:.0f} ms are allowed")
    return found


def write_flame_graph(tree: Module, path: Path) -> None:
    """Draw the tree into a file."""
    path.write_text(flame.draw(tree), "utf-8")


def _record(folder: Path, handler: str, *options: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", *options, str(RECORDING), str(folder), handler, str(RUNTIME)]
    run = subprocess.run(  # noqa: S603 - our own list
        [*command, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        said = "\n".join(line for line in run.stderr.splitlines() if not line.startswith("import time:"))
        why = said.strip()[-3000:] or f"the process ended with {run.returncode}"
        raise CannotOptimize(f"{handler} cannot be imported in {folder}:\n{why}")
    return run
