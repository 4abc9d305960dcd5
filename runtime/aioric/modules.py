"""Modules found as the interpreter finds them, in fewer steps: up to a fifth of a start is such steps.

Only the commonest cases are answered: a `.py` file or an extension module in an ordinary folder. All else
(namespace packages, archives, hooks of others) is left to the interpreter's finders, right behind.
"""

from __future__ import annotations

import sys
from _frozen_importlib import BuiltinImporter, ModuleSpec
from _frozen_importlib_external import ExtensionFileLoader, FileFinder
from _imp import check_hash_based_pycs, is_frozen
from posix import listdir, stat

from aioric.ahead import CACHED, EXTENSIONS, Ahead
from aioric.bytecode import Compiled, SourceLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

_KIND, _FOLDER, _FILE = 0o170000, 0o040000, 0o100000  # of `st_mode`: inode(7)
_BUILT_IN = frozenset(sys.builtin_module_names)
_NOT_SOURCE = (*EXTENSIONS, ".pyc")  # what else a module may be
_HINTS = (".so", ".pyc")  # all of Linux's end with one of these


class Folder:
    """What is in a folder.

    Args:
        changed_ns: When that changed.
        names: Of its files and folders.
    """

    __slots__ = ("changed_ns", "names", "unusual")

    def __init__(self, changed_ns: int, names: list[str]) -> None:
        self.changed_ns = changed_ns
        self.names = frozenset(names)
        found: list[str] = []
        if _HINTS[0] in (text := "/".join(names)) or _HINTS[1] in text:  # most folders have none
            found = [each.partition(".")[0] for each in names if each.endswith(_NOT_SOURCE)]
        self.unusual = frozenset(found)


_NO_PLACE = Folder(0, [])


class ModuleFinder:
    """Stands before the interpreter's own finders, and after those of others.

    Attributes:
        compiled: What had no bytecode.
        heeds_path: That it may be asked for what is in given folders only.
    """

    __slots__ = ("_ahead", "_folders", "_hooks", "compiled")
    heeds_path = True

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}
        self._hooks = list(sys.path_hooks)
        self._ahead = Ahead(self._look)
        self.compiled = Compiled()

    def find_spec(
        self, name: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The import system's question: where is `name`? `None` for all that is not the commonest case."""
        if name in _BUILT_IN or is_frozen(name) or sys.path_hooks != self._hooks:
            return None
        stem = name.rpartition(".")[2]
        source = stem + ".py"
        for place in sys.path if path is None else path:
            folder = self._look(place, stem, source)
            if folder is None:
                break
            if stem in folder.names:
                return self._package(name, f"{place}/{stem}")
            if stem in folder.unusual:
                for suffix in EXTENSIONS:
                    if stem + suffix in folder.names:
                        return _extension(name, f"{place}/{stem}{suffix}")
                if source not in folder.names:
                    break
            if source in folder.names:
                return self._source(name, place, stem)
        return None

    def invalidate_caches(self) -> None:
        """`importlib.invalidate_caches` asks every finder."""
        self._folders.clear()

    def _package(self, name: str, place: str) -> ModuleSpec | None:
        folder = self._look(place)
        if folder is None or "__init__.py" not in folder.names or "__init__" in folder.unusual:
            return None
        spec = self._source(name, place, "__init__", is_package=True)
        if spec is not None:
            spec.submodule_search_locations = [place]
        return spec

    def _source(self, name: str, place: str, stem: str, *, is_package: bool = False) -> ModuleSpec | None:
        file = f"{place}/{stem}.py"
        try:
            status = stat(file)
        except OSError:
            return None
        if status.st_mode & _KIND != _FILE:
            return None
        loader = SourceLoader(name, file)
        spec = ModuleSpec(name, loader, origin=file, is_package=is_package)
        spec.has_location = True
        spec.cached = cached = f"{place}/__pycache__/{stem}{CACHED}"
        loader.begun = status, cached, self.compiled, self._ahead
        return spec

    def _look(self, place: str, stem: str = "", source: str = "") -> Folder | None:
        """What is in a folder; `None` if that is not for us to say.

        One that had the module has no second look: the file itself is asked next, and tells if it has gone.
        """
        importer = sys.path_importer_cache.get(place, FileFinder)
        if importer is None:  # the interpreter has found out that it is no place for modules
            return _NO_PLACE
        try:
            known = self._folders.get(place)
            if known is not None and (source in known.names or stem in known.names):
                return known
            status = stat(place)
            if known is not None and known.changed_ns == status.st_mtime_ns:
                return known
            ordinary = importer is FileFinder or type(importer) is FileFinder
            if not ordinary or status.st_mode & _KIND != _FOLDER or place[0] != "/" or place[-1] == "/":
                return None
            known = self._folders[place] = Folder(status.st_mtime_ns, listdir(place))
        except (OSError, TypeError, IndexError):  # not there, or not even a name
            return None
        return known


def _extension(name: str, file: str) -> ModuleSpec:
    spec = ModuleSpec(name, ExtensionFileLoader(name, file), origin=file)
    spec.has_location = True
    return spec


def retire() -> Compiled:
    """Find modules as ever from now on; returns what had to be compiled meanwhile."""
    compiled = Compiled()
    for finder in sys.meta_path:
        if type(finder) is ModuleFinder:
            compiled.update(finder.compiled)
    sys.meta_path = [finder for finder in sys.meta_path if type(finder) is not ModuleFinder]
    return compiled


def install() -> ModuleFinder | None:
    """Have modules found in fewer steps, unless the interpreter was told to do anything unusual."""
    usual = sys.pycache_prefix is None and sys.implementation.cache_tag and check_hash_based_pycs == "default"
    if usual and sys.platform == "linux" and BuiltinImporter in sys.meta_path:
        # A new list, not `insert`: a thread that is walking the old one must not skip a finder.
        finders = list(sys.meta_path)
        made = ModuleFinder()
        finders.insert(finders.index(BuiltinImporter), made)
        sys.meta_path = finders
        return made
    return None
