"""Run by the function's own interpreter: import the handler as the runtime would, and pack what that took.

    python -P recording.py TASK_ROOT HANDLER RUNTIME --lazy [MODULE ...]
    python -P recording.py TASK_ROOT HANDLER RUNTIME --import

Until the handler is imported, nothing is imported here that the runtime would not have imported too. What
pure work the libraries do meanwhile is written down by standing in for the function that does it.
"""

from __future__ import annotations

import sys
from _frozen_importlib_external import PathFinder
from posix import O_RDWR, O_WRONLY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

HERE = __file__.rpartition("/aioric_emulator/")[0]
WRITING = O_WRONLY | O_RDWR
DEBUG, LOCALE = 128, 4  # flags of `re` under which compiling prints, or means something else elsewhere


class Recorder:
    """The work that was seen, and the files that were read, in this order."""

    def __init__(self) -> None:
        self.regexes: dict[tuple[Any, int], Any] = {}
        self.sources: set[str] = set()
        self.documents: dict[str, Any] = {}
        self.files: list[str] = []
        self._watching = True
        self._watched: dict[str, Callable[[Any], None]] = {
            "re._compiler": self._watch_regexes,
            "dataclasses": self._watch_sources,
            "botocore.loaders": self._watch_documents,
        }

    def begin(self) -> None:
        """Stand in the way of what will be imported, and look over the shoulder of what has been."""
        sys.meta_path = [*sys.meta_path[:-1], self, sys.meta_path[-1]]
        for name in [each for each in self._watched if each in sys.modules]:
            self._watched.pop(name)(sys.modules[name])
        self._mapped = _mapped()
        sys.addaudithook(self._watch_files)

    def end(self) -> None:
        """Look no longer: what is read from now on is not the function's."""
        # Libraries that extension modules need were opened by the dynamic linker.
        self.files += [file for file in _mapped() if file not in self._mapped and file not in self.files]
        self._watching = False

    def _watch_files(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An extension module is an import with a file: https://docs.python.org/3/library/audit_events.html."""
        if not self._watching:
            return
        if event == "open" and isinstance(arguments[0], str) and not arguments[2] & WRITING:
            self.files.append(arguments[0])
        elif event == "import" and arguments[1]:
            self.files.append(arguments[1])

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        """Stand in the way of the modules to watch."""
        if name not in self._watched:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        watch, loader = self._watched.pop(name), spec.loader
        run = loader.exec_module

        def exec_module(module: Any) -> None:
            run(module)
            watch(module)

        loader.exec_module = exec_module  # type: ignore[method-assign]  # of this one instance
        return spec

    def _watch_regexes(self, module: Any) -> None:
        really_compile, really_build = module.compile, module._sre.compile  # noqa: SLF001 - no other way in
        built: list[Any] = []

        def build(pattern: Any, flags: int, code: Any, groups: int, names: Any, places: Any) -> Any:
            numbers = [int(each) for each in code]  # some are a subclass that only prints itself
            built.append((int(flags), numbers, groups, dict(names), tuple(places)))
            return really_build(pattern, flags, code, groups, names, places)

        stand_in = type(sys)("_sre")
        stand_in.__dict__.update(module._sre.__dict__, compile=build)  # noqa: SLF001
        module._sre = stand_in  # noqa: SLF001

        def compile(p: Any, flags: Any = 0) -> Any:  # noqa: A001 - takes the place of one of that name
            import warnings  # noqa: PLC0415 - `re` is being imported by everybody

            del built[:]
            with warnings.catch_warnings(record=True) as warned:
                compiled = really_compile(p, flags)
            for warning in warned:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
            if type(p) in (str, bytes) and not warned and built and not built[-1][0] & (DEBUG | LOCALE):
                self.regexes[p, int(flags)] = built[-1]
            return compiled

        module.compile = compile

    def _watch_sources(self, module: Any) -> None:
        def run(source: Any, *scopes: Any) -> None:
            if type(source) is str:
                self.sources.add(source)
            exec(source, *scopes)  # noqa: S102 - as the original

        module.exec = run

    def _watch_documents(self, module: Any) -> None:
        load_file = module.JSONFileLoader._load_file  # noqa: SLF001 - there is no other way in

        def watch(loader: Any, full_path: str, open_method: Any) -> Any:
            document = load_file(loader, full_path, open_method)
            if document is not None:
                self.documents[full_path] = document
            return document

        module.JSONFileLoader._load_file = watch  # noqa: SLF001


def _mapped() -> list[str]:
    """Files in memory: proc_pid_maps(5)."""
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:  # noqa: PTH123 - not loaded
        found = [line[line.index("/") :].rstrip("\n") for line in maps if "/" in line]
    return list(dict.fromkeys(found))


def main() -> None:
    """Import, then pack."""
    task_root, handler = sys.argv[1:3]
    sys.path.insert(0, sys.argv[3])
    from aioric.function.aside import import_stdlib  # noqa: PLC0415 - only after the path is set
    from aioric.function.loader import ASYNC, kind, load  # noqa: PLC0415
    from aioric.startup import prepare_path  # noqa: PLC0415

    prepare_path(task_root)
    recorder = Recorder()
    recorder.begin()
    try:
        if kind(load(handler)) == ASYNC:
            import_stdlib("asyncio")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the function's import raises
        sys.exit(explain(error))
    recorder.end()
    modules = dict(sys.modules)
    what, *lazy = sys.argv[4:]
    if what == "--import":
        return
    sys.path.append(HERE)
    from aioric_emulator.optimize.packing import write, write_failure  # noqa: PLC0415 - what it imports must not be packed

    try:
        summary = write(task_root, modules, recorder, lazy)
    except OSError as error:
        summary = write_failure(error)
    sys.stdout.write(summary)


def explain(error: BaseException) -> str:
    """What is wrong with the function's import, as its log would have it."""
    from aioric.function.faults import describe, explain_exit  # noqa: PLC0415 - loaded with the runtime

    if error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next  # without this program, as in the runtime
    fault = describe(explain_exit(error) if isinstance(error, SystemExit) else error)
    return "".join([f"{fault.error_type}: {fault.message}\n", *fault.stack_trace])


if __name__ == "__main__":
    main()
