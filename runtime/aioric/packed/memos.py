"""Pure work that libraries do at import, and what it came to when the pack was made.

Each memo is looked up by the whole of the work's input; an input that is not there is worked on as ever.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from aioric.packed.pack import Pack

REGEXES = "regexes"
SOURCES = "sources"


def hooks(pack: Pack) -> dict[str, Callable[[ModuleType], None]]:
    """What to do with which module once it is loaded."""
    offered: dict[str, Callable[[ModuleType], None]] = {}
    if REGEXES in pack.memos:
        offered["re._compiler"] = lambda module: _remember_regexes(module, pack)
    if SOURCES in pack.memos:
        offered["dataclasses"] = lambda module: _remember_sources(module, pack)
    if pack.documents:
        offered["botocore.loaders"] = lambda module: _remember_documents(module, pack)
    return offered


def _remember_regexes(module: Any, pack: Pack) -> None:
    """Regular expressions: (pattern, flags) → what `_sre.compile` is called with."""
    known = pack.read(*pack.memos[REGEXES])
    really_compile, build = module.compile, module._sre.compile  # noqa: SLF001 - there is no other way in

    def compile(p: Any, flags: Any = 0) -> Any:  # noqa: A001 - takes the place of one of that name
        if type(p) is str or type(p) is bytes:
            arguments = known.pop((p, int(flags)), None)  # `re` keeps what it is given, nobody asks twice
            if arguments is not None:
                final, code, groups, names, places = arguments
                return build(p, final, code, groups, names, places)
        return really_compile(p, flags)

    module.compile = compile


def _remember_sources(module: Any, pack: Pack) -> None:
    """Source that `dataclasses` writes and runs: text → code."""
    known = pack.read(*pack.memos[SOURCES])

    def run(source: Any, *scopes: Any) -> None:
        exec(known.get(source, source) if type(source) is str else source, *scopes)  # noqa: S102 - as the original

    module.exec = run


def _remember_documents(module: Any, pack: Pack) -> None:
    """Service models of botocore: path → what the JSON in the file says."""
    from_file = module.JSONFileLoader._load_file  # noqa: SLF001 - there is no other way in
    home = pack.roots[0] + "/"

    def load_file(self: Any, full_path: str, open_method: Any) -> Any:
        entry = pack.documents.get(full_path.removeprefix(home)) if full_path.startswith(home) else None
        if entry is not None:
            offset, length, size, time_ns = entry
            if pack.unchanged(0, full_path, size, time_ns):
                return pack.read(offset, length)
        return from_file(self, full_path, open_method)

    module.JSONFileLoader._load_file = load_file  # noqa: SLF001
