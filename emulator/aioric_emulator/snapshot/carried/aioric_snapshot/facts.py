"""What a copy of a snapshot holds that ought to be its own: random states, ids, times, sockets, files.

Looks at the globals of the function's modules and of the packages that it uses, and at what is reachable from
there. Tells where something is, what it is, and a checksum: never the value, which may be a secret.
"""

from __future__ import annotations

import _io
import _socket
import binascii
import os
import sys
import time

from aioric_snapshot import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["gather", "now"]

MAX_DEPTH = 5
MAX_OBJECTS = 100_000
MAX_ITEMS = 1000
# Packages that are the runtime's or ours, besides the standard library.
NOT_THE_FUNCTIONS = {"__main__", "aioric", "aioric_snapshot", "awslambdaric", "snapshot_restore_py"}
UUID_DASHES = (8, 13, 18, 23)
UUID_SIZE = 36
TOKEN_SIZE = 32
HEX = frozenset("0123456789abcdefABCDEF")
STANDARD_STREAMS = 2
# The one place that a function on Lambda may write to.
PREFIX = "tmp"
TEMPORARY = "/tmp"  # noqa: S108 - it is only compared with

# Where, what, and a checksum of it.
Fact = tuple[str, str, str]


def now() -> tuple[float, float, float]:
    """Give the three clocks by which a function may have taken the time, in seconds."""
    return time.time(), time.monotonic(), time.perf_counter()


def gather(at_snapshot: dict[str, Any]) -> dict[str, Any]:
    """Give the facts of this process. `at_snapshot` is what `kernel.survey` said when it was a snapshot."""
    opened: dict[int, str] = at_snapshot.get("open", {})
    inherited = {number: link for number, link in kernel.links() if opened.get(number) == link}
    search = Search(inherited, at_snapshot.get("begun", now()), at_snapshot.get("taken", now()))
    return {"facts": [*library_facts(), *search.run()], "threads": at_snapshot.get("threads", 1)}


def library_facts() -> Iterator[Fact]:
    """Give the random states that everybody shares by way of a module."""
    random: Any = sys.modules.get("random")
    if hasattr(random, "getstate"):
        yield "random", "random state", checksum(random.getstate())
    names: Any = getattr(sys.modules.get("tempfile"), "_name_sequence", None)
    generator: Any = getattr(names, "__dict__", {}).get("_rng")
    if hasattr(generator, "getstate"):
        yield "tempfile", "names of temporary files", checksum(generator.getstate())
    numpy: Any = getattr(sys.modules.get("numpy.random"), "mtrand", None)
    if hasattr(numpy, "_rand"):
        yield "numpy.random", "random state", checksum(numpy._rand.get_state(legacy=False))  # noqa: SLF001 - NumPy shows it in no other way


def checksum(value: object) -> str:
    """Give a few characters that differ where values do."""
    return f"{binascii.crc32(repr(value).encode('utf-8', 'replace')):08x}"


class Search:
    """One walk through what the function's modules hold."""

    def __init__(
        self,
        inherited: dict[int, str],
        begun: tuple[float, float, float],
        taken: tuple[float, float, float],
    ) -> None:
        self._inherited = inherited
        self._spans = list(zip(begun, taken, strict=True))
        self._root = os.environ.get("LAMBDA_TASK_ROOT", "\0")
        self._temporary = getattr(sys.modules.get("tempfile"), "tempdir", None) or TEMPORARY
        self._seen: set[int] = set()
        self._named: set[int] = set()
        self._is_own = False
        self._source = ""

    def run(self) -> Iterator[Fact]:
        """Give all facts: by name where something has one, and then the descriptors that nothing names."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            package = name.partition(".")[0]
            if package in sys.stdlib_module_names or package in NOT_THE_FUNCTIONS or not file:
                continue
            self._is_own = file.startswith(self._root) and "site-packages" not in file
            self._source = read(file)
            for attribute, value in list(vars(module).items()):
                if not attribute.startswith("__"):
                    yield from self._walk(f"{name}.{attribute}", value, name, 0)
        for number, link in self._inherited.items():
            if link.startswith("socket:") and number not in self._named and number > STANDARD_STREAMS:
                yield f"descriptor {number}", "open socket", link

    def _walk(self, where: str, value: object, module: str, depth: int) -> Iterator[Fact]:
        kind = type(value)
        if kind in {int, float, str}:
            found = self._plain(value)
            if found:
                yield where, found, checksum(value)
            return
        if id(value) in self._seen or len(self._seen) > MAX_OBJECTS or kind is type(sys):
            return
        self._seen.add(id(value))
        fact = self._state(value, kind)
        if fact is not None:
            yield (where, *fact)
        elif depth < MAX_DEPTH:
            for name, inner in parts(value, module):
                yield from self._walk(where + name, inner, module, depth + 1)

    def _plain(self, value: Any) -> str:
        if type(value) is str:
            return self._text(value)
        if not self._is_own:
            return ""
        scales = (1.0, 1e3, 1e9) if type(value) is int else (1.0, 1e3)
        for begun, taken in self._spans:
            for scale in scales:
                # A whole number may have been cut off.
                slack = scale if type(value) is int and scale == 1.0 else 0.0
                if begun * scale - slack <= value <= taken * scale:
                    return "time of the import"
        return ""

    def _text(self, text: str) -> str:
        found = ""
        if is_uuid(text):
            found = "uuid"
        elif self._is_own and len(text) >= TOKEN_SIZE and HEX.issuperset(text):
            found = "token"
        elif os.path.split(text)[0] == self._temporary and os.path.split(text)[1].startswith(PREFIX):
            found = "name of a temporary file"
        # What stands in the source is a constant, and the same everywhere on purpose.
        return "" if found and text in self._source else found

    def _state(self, value: Any, kind: type) -> tuple[str, str] | None:
        if (random := random_state(value, kind)) is not None:
            return "random state", checksum(random)
        if is_a(kind, "uuid", "UUID"):
            return None if str(value) in self._source else ("uuid", checksum(value))
        if is_a(kind, "datetime", "datetime"):
            begun, taken = self._spans[0]
            is_fresh = self._is_own and begun <= value.timestamp() <= taken
            return ("time of the import", checksum(value)) if is_fresh else None
        if issubclass(kind, _socket.socket):
            return self._descriptor(value.fileno(), "open socket")
        if issubclass(kind, _io._IOBase):  # noqa: SLF001 - the class of all files
            return self._file(value)
        return None

    def _file(self, value: Any) -> tuple[str, str] | None:
        try:
            return self._descriptor(value.fileno(), "open file") if value.writable() else None
        except (OSError, ValueError):
            return None  # closed, or nothing of the system's

    def _descriptor(self, number: int, what: str) -> tuple[str, str] | None:
        self._named.add(number)
        link = self._inherited.get(number)
        if link is None or number <= STANDARD_STREAMS or (what == "open file" and not link.startswith("/")):
            return None
        return what, link


def random_state(value: Any, kind: type) -> object:
    """Give the state of Python's or NumPy's generators; None for all else."""
    if is_a(kind, "random", "Random"):
        return None if is_a(kind, "random", "SystemRandom") else value.getstate()
    if not kind.__module__.startswith("numpy"):
        return None
    if hasattr(value, "bit_generator"):
        return value.bit_generator.state
    return value.get_state(legacy=False) if kind.__name__ == "RandomState" else None


def is_a(kind: type, module: str, name: str) -> bool:
    """Whether a type is, or derives from, a class of a module that may not be loaded."""
    wanted = getattr(sys.modules.get(module), name, None)
    return isinstance(wanted, type) and issubclass(kind, wanted)


def parts(value: Any, module: str) -> Iterator[tuple[str, object]]:
    """Give what a value consists of: items and attributes, read without running the function's code."""
    kind = type(value)
    if issubclass(kind, dict):
        for key, inner in list(dict.items(value))[:MAX_ITEMS]:
            yield f"[{key!r}]" if type(key) in {str, int} else "[…]", inner
    elif kind in {list, tuple, set, frozenset}:
        for index, inner in enumerate(list(value)[:MAX_ITEMS]):
            yield f"[{index}]", inner
    elif issubclass(kind, type) and value.__module__ != module:
        return
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return
    for name, inner in list(attributes.items())[:MAX_ITEMS]:
        if not str(name).startswith("__"):
            yield f".{name}", inner


def is_uuid(text: str) -> bool:
    """Whether a text has the form of a UUID."""
    return (
        len(text) == UUID_SIZE
        and all(text[at] == "-" for at in UUID_DASHES)
        and HEX.issuperset(text.replace("-", ""))
    )


def read(file: str) -> str:
    """Give a module's source; nothing where there is none to read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as source:  # noqa: PTH123 - no pathlib here
            return source.read() if file.endswith(".py") else ""
    except OSError:
        return ""
