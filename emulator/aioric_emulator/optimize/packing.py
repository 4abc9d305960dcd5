"""Writing a pack: what `aioric.packed.pack` reads."""

from __future__ import annotations

import json
import marshal
import os
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aioric.ahead import STEP_BYTES
from aioric.packed.memos import REGEXES, SOURCES
from aioric.packed.pack import ELSEWHERE, FORMAT, LENGTH_DIGITS, NAME, STDLIB, TASK, interpreter

if TYPE_CHECKING:
    from types import ModuleType

    from aioric_emulator.optimize.recording import Recorder

# What a summary holds in place of all else where there is no pack.
FAILURE = "failure"

_NOT_STORED = ("/proc/", "/sys/", "/dev/")

# More than any function that was measured reads, and no more than the smallest one has memory for.
AHEAD_FILES, AHEAD_BYTES = 500, 64 << 20


class Writer:
    """Objects one after the other, and where each one is.

    Args:
        task_root: The function's folder.
    """

    def __init__(self, task_root: str) -> None:
        self._parts: list[bytes] = []
        self.bytes = 0
        self._roots = {TASK: task_root + "/", STDLIB: os.__file__.rpartition("/")[0] + "/"}

    def add(self, thing: Any) -> tuple[int, int]:
        """Store an object; returns offset and length."""
        data = marshal.dumps(thing)
        self._parts.append(data)
        self.bytes += len(data)
        return self.bytes - len(data), len(data)

    def place(self, path: str) -> tuple[int, str]:
        """Which root a file is under, and where below it; the longest root wins, for one may hold another."""
        fitting = [(len(root), number) for number, root in self._roots.items() if path.startswith(root)]
        if not fitting:
            return ELSEWHERE, path
        length, number = max(fitting)
        return number, path[length:]

    def write(self, path: Path, index: dict[str, Any]) -> None:
        """Write the pack, whole or not at all. Raises `OSError`."""
        data = marshal.dumps(index | {"bytes": self.bytes})
        head = FORMAT + interpreter() + b"%0*d" % (LENGTH_DIGITS, len(data))
        path.parent.mkdir(exist_ok=True)
        fresh = path.with_suffix(".new")
        try:
            fresh.write_bytes(b"".join([head, data, *self._parts]))
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise


def write(task_root: str, modules: dict[str, ModuleType], recorder: Recorder, lazy: list[str]) -> str:
    """Pack what was recorded; returns a summary, as JSON. What is not packed cannot be lazy."""
    writer = Writer(task_root)
    packed = {}
    for name, module in modules.items():
        entry = _module(writer, name, module)
        if entry is not None:
            packed[name] = entry
    memos = {}
    if recorder.regexes:
        memos[REGEXES] = writer.add(recorder.regexes)
    if recorder.sources:
        codes = {text: compile(text, "<string>", "exec", dont_inherit=True) for text in recorder.sources}
        memos[SOURCES] = writer.add(codes)
    documents = _documents(writer, recorder.documents)
    held = {file for name in packed for file in _files(modules[name])} | recorder.documents.keys()
    ahead = _ahead(writer, [file for file in recorder.files if file not in held])
    path = Path(task_root, NAME)
    index = {"modules": packed, "memos": memos, "documents": documents, "ahead": ahead}
    writer.write(path, index | {"lazy": frozenset(lazy) & packed.keys()})
    counts = {"regexes": len(recorder.regexes), "sources": len(recorder.sources), "documents": len(documents)}
    counts["files"] = len(ahead)
    missing = [name for name in lazy if name not in packed]
    summary = {"modules": len(packed), **counts, "bytes": path.stat().st_size}
    return json.dumps(summary | {"lazy": len(lazy) - len(missing), "missing": missing})


def write_failure(error: OSError) -> str:
    """What to tell instead of a summary where the pack cannot be written."""
    return json.dumps({FAILURE: f"the pack cannot be written: {error}"})


def _module(writer: Writer, name: str, module: ModuleType) -> tuple[Any, ...] | None:
    """What the index says of a module; None for one that does not come from a source file of its own."""
    spec = getattr(module, "__spec__", None)
    loader = getattr(spec, "loader", None)
    if spec is None or type(loader) is not SourceFileLoader or spec.name != name or not spec.origin:
        return None
    if name.partition(".")[0] == "aioric" or not _ordinary(name, spec.origin):
        return None
    code = loader.get_code(name)
    source = Path(spec.origin).stat()
    root, below = writer.place(spec.origin)
    is_package = loader.is_package(name)  # whatever the module says: six gives itself a path
    return root, below, is_package, *writer.add(code), source.st_size, source.st_mtime_ns


def _files(module: ModuleType) -> list[str]:
    spec = module.__spec__
    return [file for file in (spec.origin, spec.cached) if file] if spec is not None else []


def _ahead(writer: Writer, files: list[str]) -> list[tuple[int, str]]:
    """Which files the start reads beside the pack, in that order, to be announced to the kernel."""
    chosen: list[tuple[int, str]] = []
    total = 0
    for file in dict.fromkeys(map(os.path.abspath, files)):
        if not Path(file).is_file() or file.startswith(_NOT_STORED):
            continue
        total += min(Path(file).stat().st_size, STEP_BYTES)
        if total > AHEAD_BYTES or len(chosen) == AHEAD_FILES:
            break
        chosen.append(writer.place(file))
    return chosen


def _ordinary(name: str, origin: str) -> bool:
    """Whether the file is called as the module is: the finder derives the folder to look in from that."""
    last = name.rpartition(".")[2]
    return origin.endswith((f"/{last}.py", f"/{last}/__init__.py"))


def _documents(writer: Writer, documents: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Botocore's documents in the function's folder, as plain dicts, which marshal can hold."""
    index = {}
    for path, document in documents.items():
        root, below = writer.place(path)
        if root == TASK:
            source = Path(path).stat()
            plain = json.loads(json.dumps(document))
            index[below] = *writer.add(plain), source.st_size, source.st_mtime_ns
    return index
