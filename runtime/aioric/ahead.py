"""Files that are about to be read, announced to the kernel, so that it reads them while Python is busy.

A start reads hundreds of small files one after the other, and on storage that is far away it mostly waits.
What the page cache has costs no wait: nothing is announced before a file is found that it lacks. Where the
file system cannot tell, what counts is whether the interpreter itself had to be waited for.
"""

from __future__ import annotations

import posix
import sys
from _imp import extension_suffixes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    from aioric.modules import Folder

# The end of a file of bytecode's name: https://peps.python.org/pep-0488/
CACHED = f".{sys.implementation.cache_tag}{f'.opt-{sys.flags.optimize}' if sys.flags.optimize else ''}.pyc"
EXTENSIONS = tuple(extension_suffixes())

# The kernel reads no more for one announcement than the device takes at once, often a little more than this.
STEP_BYTES = 1 << 20

HOME = __file__.rpartition("/")[0] + "/"

_WAITING = 11  # EAGAIN of errno(3): the file would have to be waited for
_CANNOT_SAY = 95  # EOPNOTSUPP: its file system does not tell, as overlayfs

_MAJOR_FAULTS = 9  # its place behind the program's name

# Of so many files one asks; when they were cached, so will be the others.
_QUESTIONS = 20

# What every start loads of ours from here on, in that order.
OWN = (
    *("modules", "bytecode", "heap", "function/__init__", "function/aside", "function/preloaded", "startup"),
    *("config", "errors", "drivers/__init__", "drivers/blocking", "drivers/sockets", "protocol/__init__"),
    *("protocol/http11", "protocol/heads", "messages", "drivers/around", "drivers/watch", "identity"),
    *("drivers/loops", "function/packages", "drivers/streams", "function/loader", "function/faults"),
    *("function/payload", "function/malformed", "function/native", "function/own_json", "function/results"),
    *("function/substitutes", "function/stack", "function/steps", "function/context", "function/tracing"),
    *("logs/__init__", "logs/setup", "logs/journal", "logs/sinks", "protocol/conversation"),
    *("protocol/runtime_api", "version"),
)


def announce(file: str) -> None:
    """Have the kernel read the beginning of a file, which may be gone, or be anything."""
    try:
        opened = posix.open(file, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except OSError:
        return
    try:
        posix.posix_fadvise(opened, 0, STEP_BYTES, posix.POSIX_FADV_WILLNEED)
    except OSError:  # a pipe, for one
        pass
    finally:
        posix.close(opened)


def announce_own() -> None:
    """Announce our own modules, unless the first of them is in the page cache."""
    try:
        opened = posix.open(_bytecode(HOME + OWN[0]), posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:  # not there: we are in an archive, or bytecode is elsewhere
        return
    known = is_cached(opened)
    posix.close(opened)
    if not known and (known is False or has_waited()):
        for name in OWN:
            announce(_bytecode(HOME + name))


def is_cached(opened: int) -> bool | None:
    """Whether the beginning of an open file is in the page cache; `None` if nobody can say: preadv2(2)."""
    try:
        return posix.preadv(opened, [bytearray(1)], 0, posix.RWF_NOWAIT) >= 0
    except OSError as error:  # a kernel that does not know the question is not asked to read ahead
        return None if error.errno == _CANNOT_SAY else error.errno != _WAITING


def has_waited() -> bool:
    """Whether the process had to wait for its own pages, those of the interpreter: proc_pid_stat(5)."""
    try:
        opened = posix.open("/proc/self/stat", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return False
    facts = posix.read(opened, 4096)
    posix.close(opened)
    return facts.rpartition(b")")[2].split()[_MAJOR_FAULTS] != b"0"


class Ahead:
    """Announces what a module's body is about to import, once two files in a row had to be waited for.

    One may have been evicted alone.

    The body's names are looked for where imports are: in the module's own package, those around it, and on
    the path. A name that is no import may be that of a module too; then a file is read that nobody asks for.

    Args:
        look: Tells what is in a folder; `None` where that is not certain.

    Attributes:
        needed: Whether that is so.
        questions: How many more files may be asked about.
    """

    __slots__ = (
        *("_asked", "_dotted", "_folders", "_lacked", "_on_path", "_packages", "_path", "_places", "_plain"),
        *("_stems", "_told", "needed", "questions"),
    )

    def __init__(self, look: Callable[[str], Folder | None]) -> None:
        self._folders = _Remembered(look)
        self._stems = _Remembered(self._read_stems)
        self._packages = _Remembered(self._read_packages)
        self._path: list[str] = []
        self._places: list[str] = []
        self._on_path: frozenset[str] = frozenset()  # the names of what is there
        self._dotted: set[str] = set()  # names of code that was followed, with a dot
        self._plain: set[str] = set()  # and without
        self._asked: set[str] = set()  # what was looked for, and where
        self._told: set[str] = set()  # what was found
        self._lacked = False
        self.needed = False
        self.questions = _QUESTIONS

    def notice(self, file: str, opened: int) -> None:
        """A module's bytecode is about to be read from this file."""
        if file.startswith(HOME):  # what we know of our own files says nothing of the function's
            return
        known = is_cached(opened)
        if known is None:
            self.needed, self.questions = has_waited(), 0
            return
        lacked = not known
        self.needed = lacked and self._lacked
        self._lacked = lacked
        self.questions = 0 if self.needed else self.questions - 1

    def follow(self, code: CodeType, file: str) -> None:
        """Announce what the code of this source file names."""
        if file.startswith(HOME):  # announced when the process began
            return
        names = set(code.co_names)
        fresh = names - self._plain - self._dotted
        self._dotted.update([name for name in fresh if "." in name])
        self._plain |= fresh - self._dotted
        dotted = names & self._dotted
        for package in self._packages[file.rpartition("/")[0]]:
            self._search([package], self._stems[package], names, dotted)
        if self._path != sys.path:
            self._path = list(sys.path)
            self._places = [place for place in sys.path if type(place) is str]  # others mean nothing there
            self._on_path = frozenset().union(*[self._stems[place] for place in self._places])
        self._search(self._places, self._on_path, names.difference(sys.modules), dotted)

    def _search(self, places: list[str], stems: frozenset[str], names: set[str], dotted: set[str]) -> None:
        """Announce modules of these names, each in the first place that has it."""
        hits = names & stems
        if dotted:
            hits |= {name for name in dotted if name.partition(".")[0] in stems}
        for name in hits:
            if (key := f"{places[0]} {name}") not in self._asked:
                self._asked.add(key)
                any(self._find(place, name) for place in places)

    def _read_packages(self, place: str) -> list[str]:
        """This folder, if it is a package's, and those of the packages that it is in."""
        folder = self._folders[place]
        if folder is None or "__init__.py" not in folder.names:
            return []
        return [place, *self._packages[place.rpartition("/")[0]]]

    def _read_stems(self, place: str) -> frozenset[str]:
        folder = self._folders[place]
        return frozenset([each.partition(".")[0] for each in folder.names] if folder else ())

    def _find(self, place: str, name: str) -> bool:
        """Announce a module, and the packages on the way to it, if it is in this place."""
        folder = self._folders[place]
        if folder is None:
            return False
        stem, _, rest = name.partition(".")
        below = f"{place}/{stem}"
        if (
            stem in folder.names
            and (inner := self._folders[below]) is not None
            and "__init__.py" in inner.names
        ):
            self._tell(f"{below}/__init__")
            if rest:
                self._find(below, rest)
            return True
        for suffix in EXTENSIONS if stem in folder.unusual else ():
            if stem + suffix in folder.names:
                self._tell(below + suffix)
                return True
        if stem + ".py" in folder.names:
            self._tell(below)
            return True
        return False

    def _tell(self, module: str) -> None:
        if module not in self._told:
            self._told.add(module)
            announce(module if module.endswith(EXTENSIONS) else _bytecode(module))


class _Remembered(dict[str, "Any"]):
    """What a function has answered, asked once for each place."""

    def __init__(self, ask: Callable[[str], Any]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, place: str) -> Any:
        answer = self[place] = self._ask(place)
        return answer


def _bytecode(source: str) -> str:
    """The file of bytecode of a source file, which is named without its ending."""
    place, _, stem = source.rpartition("/")
    return f"{place}/__pycache__/{stem}{CACHED}"
