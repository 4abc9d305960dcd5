"""Late imports of the standard library, with the function's own folders set aside.

A task root may hold files named like the standard library: `json.py`, `logging.py`, `string.py`.
What the runtime imports after the function's folders have joined `sys.path` must not find those.
`sys.path` itself stays untouched, because other threads import from it meanwhile and functions keep
references to it: a finder that answers one thread only stands in front of all others instead.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from aioric.function.preloaded import Preloaded, find_standard, stdlib_directories

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

PATCHABLE = "aioric.function.patchable"  # loaded when somebody asks `__main__` for it


def import_stdlib(name: str) -> ModuleType:
    """The standard library's module of this name, whatever the function has put in its way.

    Args:
        name: A module of the standard library, with dots if it has any.

    Raises:
        ImportError: This interpreter has no such module.
    """
    directories = stdlib_directories()
    loaded = sys.modules.get(name)
    if loaded is not None and _comes_from(directories, loaded):
        return loaded
    with Aside(directories):
        __import__(name)
        return sys.modules[name]


def import_own(name: str) -> ModuleType:
    """A module of ours that few functions need; what it imports is not the function's either.

    Args:
        name: Of the module, in full.
    """
    loaded = sys.modules.get(name)
    if loaded is None:
        with Aside(stdlib_directories()):
            __import__(name)
        loaded = sys.modules[name]
    return loaded


def offer(name: str) -> ModuleType:
    """What `__main__` has beside its variables: `bootstrap`, as awslambdaric has it, for tools that patch it.

    Raises:
        AttributeError: It is asked for anything else.
    """
    if name == "bootstrap":
        return import_own(PATCHABLE)
    raise AttributeError(f"module '__main__' has no attribute {name!r}")


class Aside:
    """While entered, the calling thread finds the standard library before anything else.

    Args:
        directories: Where the standard library is.
        hide: Whether foreign modules that carry a standard name are taken out of `sys.modules`
            meanwhile. They come back on leaving; another thread that imports one of them at that
            very moment gets a copy of its own.
    """

    __slots__ = ("_directories", "_hidden", "_hide", "_thread")

    def __init__(self, directories: list[str], *, hide: bool = True) -> None:
        self._directories = directories
        self._hide = hide
        self._hidden: dict[str, ModuleType] = {}
        self._thread = get_ident()

    def __enter__(self) -> None:
        if self._hide:
            self._hidden = _foreign_modules(self._directories)
            for name in self._hidden:
                sys.modules.pop(name, None)
        # A new list, not `insert`: a thread that is walking the old one must not skip a finder.
        sys.meta_path = [self, *sys.meta_path]

    def __exit__(self, *_: object) -> None:
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
        sys.modules.update(self._hidden)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The import system's question: where is `name`? Only our thread's top-level names are ours.

        Raises:
            ModuleNotFoundError: The standard library should have it and has not. Asking further
                finders would end in the function's folders.
        """
        if path is not None or get_ident() != self._thread or name not in sys.stdlib_module_names:
            return None
        for finder in sys.meta_path:
            # What waits for a module to be imported must hear of it, whoever imports it.
            if isinstance(finder, Preloaded) and (spec := finder.find_spec(name, None, target)) is not None:
                return _at_once(spec)
        spec = find_standard(name, self._directories, target)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return _at_once(spec)


def _at_once(spec: ModuleSpec) -> ModuleSpec:
    """A function's list may call a module lazy; that is for the function's own imports."""
    if hasattr(spec.loader, "at_once"):
        spec.loader.at_once = True  # type: ignore[union-attr]  # as `packed.lazy.Postponed` has it
    return spec


def _foreign_modules(directories: list[str]) -> dict[str, ModuleType]:
    """Loaded modules with a name of the standard library that do not come from it."""
    return {
        name: module
        for name, module in sys.modules.copy().items()
        if name.partition(".")[0] in sys.stdlib_module_names and not _comes_from(directories, module)
    }


def _comes_from(directories: list[str], module: ModuleType) -> bool:
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    if not isinstance(origin, str):
        return False
    if origin in ("built-in", "frozen"):
        return True
    inside = any(origin.startswith(f"{directory}/") for directory in directories)
    # `site-packages` lies within the standard library's folder and is not of it.
    return inside and "-packages/" not in origin
