"""Modules from the pack, found where the interpreter would have found them and loaded without their files.

A module is ours only if the folder it was packed from is the one in which the interpreter would look
successfully: a folder before it on the path that has something of that name sends the question on.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib import ModuleSpec, _call_with_frames_removed  # type: ignore[attr-defined]  # typeshed
from _frozen_importlib_external import PathFinder
from _imp import _fix_co_filename  # type: ignore[attr-defined]  # lacks both

from aioric.bytecode import PreparedLoader
from aioric.modules import ModuleFinder
from aioric.packed.lazy import Postponed
from aioric.packed.pack import TASK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import CodeType, ModuleType
    from typing import Any

    from aioric.packed.pack import Pack


class PackedFinder:
    """Stands before the interpreter's finder of files.

    Args:
        pack: Where the modules are.
        after: What to call with a module once its code has run, by the module's name.
        stale: Told, once, of a file that has changed since.

    Attributes:
        heeds_path: That it may be asked for what is in given folders only.
    """

    __slots__ = ("_after", "_folders", "_pack", "_stale")
    heeds_path = True

    def __init__(
        self, pack: Pack, after: Mapping[str, Callable[[ModuleType], None]], stale: Callable[[str], None]
    ) -> None:
        self._pack = pack
        self._after = after
        self._stale = stale
        self._folders: dict[str, tuple[int, frozenset[str]]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The import system's question: where is `name`?"""
        entry = self._pack.modules.get(name)
        if entry is None:
            return None
        root, below, is_package, offset, length, size, time_ns = entry
        home = self._pack.roots[root]
        file = f"{home}/{below}" if home else below
        folder, _, stem = file.rpartition("/")
        searched = folder.rpartition("/")[0] if is_package else folder
        if not self._wins(name.rpartition(".")[2], searched, sys.path if path is None else path):
            return None
        if not self._pack.unchanged(root, file, size, time_ns):
            if root == TASK:
                self._give_up(file)
            return None
        kind = PackedLoader
        if name in self._after:
            kind = _Announcing
        elif name in self._pack.lazy and target is None:  # there is one when a module is loaded again
            kind = LazyLoader
        loader = kind(name, file)
        loader.packed = self._pack, offset, length
        if name in self._after:
            loader.after = self._after[name]
        spec = ModuleSpec(name, loader, origin=file, is_package=is_package)
        spec.has_location = True
        spec.cached = f"{folder}/__pycache__/{stem[:-2]}{sys.implementation.cache_tag}.pyc"
        if is_package and spec.submodule_search_locations is not None:
            spec.submodule_search_locations.append(folder)
        return spec

    def invalidate_caches(self) -> None:
        """`importlib.invalidate_caches` asks every finder."""
        self._folders.clear()

    def _give_up(self, file: str) -> None:
        # A new list, not `remove`: a thread that is walking the old one must not skip a finder.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
        self._stale(file)

    def _wins(self, name: str, folder: str, path: Sequence[str]) -> bool:
        """Whether `folder` is the first on the path to have the name."""
        for entry in path:
            if entry == folder:
                return True
            if name in self._names(entry):
                return False
        return False

    def _names(self, folder: str) -> frozenset[str]:
        """What a folder may offer, as the interpreter's own finder learns it."""
        try:
            changed = os.stat(folder or ".").st_mtime_ns  # noqa: PTH116 - pathlib is not loaded
        except OSError:
            return frozenset()
        known = self._folders.get(folder)
        if known is None or known[0] != changed:
            try:
                names = os.listdir(folder or ".")  # noqa: PTH208 - likewise
            except OSError:
                names = []
            known = self._folders[folder] = changed, frozenset([each.partition(".")[0] for each in names])
        return known[1]


class PackedLoader(PreparedLoader):
    """The interpreter's loader of a file, but that its bytecode comes from the pack."""

    packed: tuple[Pack, int, int]
    after: Callable[[ModuleType], None]

    def get_code(self, fullname: str) -> CodeType | None:  # noqa: ARG002 - the interpreter calls it so
        """The module's code, as the interpreter would have compiled it."""
        pack, offset, length = self.packed
        code: CodeType = pack.read(offset, length)
        _fix_co_filename(code, self.path)
        return code


class LazyLoader(Postponed, PackedLoader):  # type: ignore[misc]  # as typeshed has its bases
    """A loader that waits until something in the module is asked for."""


class _Announcing(PackedLoader):
    """A loader that tells when the module is loaded."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, and tell."""
        _call_with_frames_removed(exec, self.get_code(module.__name__), module.__dict__)
        self.after(module)


def install(finder: Any) -> None:
    """Put a finder right before those that search folders."""
    finders = list(sys.meta_path)
    searching = [each for each in finders if each is PathFinder or type(each) is ModuleFinder]
    finders.insert(finders.index(searching[0]) if searching else len(finders), finder)
    sys.meta_path = finders
