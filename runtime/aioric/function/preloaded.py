"""The standard library's modules that awslambdaric has loaded before a function's code runs.

With it, a function's own `json.py` or `logging.py` is never imported: the interpreter's module is there
already. Ours loads next to nothing, so it keeps those names for the standard library by a finder.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib import BuiltinImporter, FrozenImporter
from _frozen_importlib_external import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

# What `python -m awslambdaric` has in `sys.modules`, less what every interpreter has. A test asks it.
_ALWAYS = frozenset(
    [
        *("__future__", "_collections", "_decimal", "_functools", "_json", "_operator", "_weakrefset"),
        *("atexit", "collections", "contextlib", "copyreg", "decimal", "enum", "functools", "itertools"),
        *("json", "keyword", "linecache", "logging", "math", "numbers", "operator", "re", "reprlib"),
        *("string", "textwrap", "threading", "traceback", "types", "warnings", "weakref"),
    ]
)
# What those import differs by version: 3.14's `_colorize` brings `dataclasses` along, 3.15's is lazy again.
_BY_VERSION = {
    (3, 11): frozenset(["token", "tokenize"]),
    (3, 12): frozenset(["_tokenize", "token", "tokenize"]),
    (3, 13): frozenset(["_colorize"]),
    (3, 14): frozenset(
        [
            *("_colorize", "_opcode_metadata", "_py_warnings", "annotationlib", "ast", "copy", "dataclasses"),
            *("dis", "inspect", "io", "opcode", "token", "tokenize"),
        ]
    ),
}
_SINCE_3_15 = frozenset(["_py_warnings", "io", "ntpath", "pathlib", "token", "tokenize"])
# What its polling thread needs, which it has in the managed environments from Python 3.12 on.
_THREADED = frozenset(["_heapq", "_queue", "concurrent", "heapq", "queue"])
_THREADED_SINCE_3_14 = frozenset(["_interpreters"])


def preloaded(*, threaded: bool) -> frozenset[str]:
    """The top-level names.

    Args:
        threaded: Whether the official client would poll in a thread.
    """
    names = _ALWAYS | _BY_VERSION.get(sys.version_info[:2], _SINCE_3_15)
    if not threaded:
        return names
    return names | _THREADED | (_THREADED_SINCE_3_14 if sys.version_info >= (3, 14) else frozenset())


class Preloaded:
    """A finder that knows these modules, wherever the function's folders are on `sys.path`.

    Args:
        names: Which modules; everything else is left to the finders that follow.
        after: What to call with a module once its code has run: once, for the first that is imported.
    """

    __slots__ = ("_after", "_directories", "_names")

    def __init__(self, names: frozenset[str], after: dict[str, Callable[[ModuleType], object]]) -> None:
        self._names = names
        self._after = after
        self._directories = stdlib_directories()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The import system's question: where is `name`?"""
        if path is not None or name not in self._names:
            return None
        spec = find_standard(name, self._directories, target)
        if spec is not None and name in self._after:
            spec.loader = _Announcing(spec.loader, self)  # type: ignore[assignment]  # loads by duck type
        return spec

    def loaded(self, module: ModuleType) -> None:
        """Say that `module` is loaded, unless somebody made it for themselves beside the real one."""
        if sys.modules.get(module.__name__) is module and module.__name__ in self._after:
            self._after.pop(module.__name__)(module)


class _Announcing:
    """The real loader of a module, and what follows."""

    __slots__ = ("_finder", "_loader")

    def __init__(self, loader: Any, finder: Preloaded) -> None:
        self._loader = loader
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the real loader."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code, then say so."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._finder.loaded(module)


def find_standard(name: str, directories: list[str], target: ModuleType | None = None) -> ModuleSpec | None:
    """The standard library's top-level module of this name, if this interpreter has it."""
    for finder in sys.meta_path:
        if getattr(finder, "heeds_path", None) is True:  # of ours: the pack's, and `ModuleFinder`
            found = finder.find_spec(name, directories)
            if found is not None:
                return found
    return (
        BuiltinImporter.find_spec(name)
        or FrozenImporter.find_spec(name)
        or PathFinder.find_spec(name, directories, target)
    )


def stdlib_directories() -> list[str]:
    """Where the interpreter's own modules are: pure Python, extension modules, and a zip of both."""
    home = os.__file__.rpartition("/")[0]
    major, minor = sys.version_info[:2]
    extensions = f"{sys.base_exec_prefix}/{sys.platlibdir}/python{major}.{minor}/lib-dynload"
    return [
        home,
        f"{home}/lib-dynload",
        extensions,
        f"{sys.base_prefix}/{sys.platlibdir}/python{major}{minor}.zip",
    ]
