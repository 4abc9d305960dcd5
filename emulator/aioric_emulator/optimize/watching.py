"""The runtime, watched: which modules does a function import, and which of them does anybody use?

    python -P watching.py RUNTIME OUTCOME HANDLER [NAME ...]

Serves events as the runtime does. When the process is told to end it writes down, as JSON, what it saw: who
looked at which module, or called what comes from it. The modules that are named are loaded when something in
them is asked for, as they will be.
"""

from __future__ import annotations

import sys
from _frozen_importlib_external import PathFinder, SourceFileLoader
from _imp import is_frozen
from time import perf_counter_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, ModuleType
    from typing import Any
else:
    ModuleType = type(sys)

# What the import system itself asks for, each time that a module is imported.
_NO_LOOK = frozenset(["__class__", "__spec__", "__loader__", "__name__", "__package__"])

# Whose frames stand between a module and who imports it.
_MACHINERY = ("<frozen importlib", "<frozen zipimport", __file__)

# Loaded late by another thread, `threading` would take that for the main one; `logging` is waited for by the
# runtime; `encodings` is asked by the interpreter itself.
_NEVER = frozenset(["threading", "logging", "encodings", "aioric"])


class Watch:
    """What was seen.

    Args:
        lazy: The modules to load when something in them is asked for.
    """

    heeds_path = True  # so that the runtime's other finders let it be asked first

    def __init__(self, lazy: frozenset[str]) -> None:
        self.seen: set[tuple[str, str]] = set()
        self.imported: dict[str, dict[str, Any]] = {}
        self._lazy = lazy

    def begin(self) -> None:
        """Look on from now on."""
        sys.meta_path = [self, *sys.meta_path]
        sys.setprofile(self.called)

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Stand in the way of every module that a pack could hold."""
        if target is not None or is_frozen(name) or name.partition(".")[0] in _NEVER:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or spec.origin is None:
            return None
        kind = Lazy if name in self._lazy else Loader
        spec.loader = kind(name, spec.origin)
        spec.loader.watch = self
        return spec

    def look(self, name: str) -> None:
        """Write down who looks at a module."""
        if (who := _importer(sys._getframe(2))) != name:  # noqa: SLF001 - the interpreter's own way
            self.seen.add((who, name))

    def called(self, frame: FrameType, event: str, _: object) -> None:
        """Write down who calls a function of another module: nobody need look at that for it."""
        if event == "call" and frame.f_code.co_name != "<module>" and frame.f_back is not None:
            whose = frame.f_globals.get("__name__")
            if whose in self.imported and (who := _importer(frame.f_back)) != whose:
                self.seen.add((who, whose))

    def outcome(self) -> dict[str, Any]:
        """All of it, for JSON."""
        lazy = sys.modules.get("aioric.packed.lazy")
        for name, entry in self.imported.items():
            kind = type(sys.modules.get(name))
            entry["odd"] = kind not in (Watched, getattr(lazy, "LazyModule", None))
        return {"seen": sorted(self.seen), "imported": self.imported}


class Watched(ModuleType):
    """A module that tells who looks at it."""

    def __getattribute__(self, name: str) -> Any:
        """Tell, then answer."""
        if name not in _NO_LOOK:
            ModuleType.__getattribute__(self, "__loader__").watch.look(
                ModuleType.__getattribute__(self, "__name__")
            )
        return ModuleType.__getattribute__(self, name)


class Loader(SourceFileLoader):
    """Loads as ever, and notes what that took."""

    watch: Watch

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        entry: dict[str, Any] = {"importer": _importer(sys._getframe(1))}  # noqa: SLF001 - likewise
        self.watch.imported[self.name] = entry
        began, before = perf_counter_ns(), len(sys.modules)
        code = self.get_code(self.name)
        scope = module.__dict__  # the last look that is nobody's
        module.__class__ = Watched
        exec(code, scope)  # type: ignore[arg-type]  # noqa: S102 - as the loader does; a source file has code
        entry |= {"ms": (perf_counter_ns() - began) / 1e6, "modules": len(sys.modules) - before + 1}
        if self.name == "threading":
            module.__dict__["setprofile"](self.watch.called)


def _importer(frame: FrameType | None) -> str:
    """The module whose code this is; of the import system, the one that asks it."""
    while frame is not None and (
        frame.f_code.co_filename.startswith(_MACHINERY)
        or frame.f_globals.get("__name__") in ("importlib", "aioric.packed.lazy")
    ):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")) if frame is not None else ""


def main() -> None:
    """Serve, and write down what was seen."""
    runtime, outcome, handler, *names = sys.argv[1:]
    sys.path.insert(0, runtime)
    from aioric import startup  # noqa: PLC0415 - only after the path is set
    from aioric.function.hooks import on_shutdown  # noqa: PLC0415 - likewise
    from aioric.heap import Heap  # noqa: PLC0415 - likewise
    from aioric.packed.lazy import Postponed  # noqa: PLC0415 - likewise

    global Lazy  # noqa: PLW0603 - its base can only be imported now
    Lazy = type("Lazy", (Postponed, SourceFileLoader), {})
    watch = Watch(frozenset(names))

    @on_shutdown
    def write() -> None:
        import json  # noqa: PLC0415 - not before the function's own import

        sys.setprofile(None)
        with open(outcome, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib may not be loaded
            json.dump(watch.outcome(), file)

    # In the place of a pack that may lie there: at that moment nothing but the runtime is loaded.
    startup.Runtime._unpack = lambda _: watch.begin()  # type: ignore[method-assign,assignment]  # noqa: SLF001
    startup.main(["aioric", handler], [], Heap(), managed=True)


Lazy: Any = None

if __name__ == "__main__":
    main()
