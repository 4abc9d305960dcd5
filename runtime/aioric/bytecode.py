"""From a module's source file to its code, by valid bytecode, and what to say where there is none."""

from __future__ import annotations

import sys
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader
from _imp import _fix_co_filename, source_hash  # type: ignore[attr-defined]  # typeshed lacks one
from marshal import loads
from posix import O_CLOEXEC, O_RDONLY, close, read, stat
from posix import open as open_file
from time import thread_time_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _frozen_importlib import ModuleSpec
    from os import stat_result
    from types import CodeType, ModuleType

    from aioric.ahead import Ahead

# How much source a start may compile before the log hears of it, some 10 ms. Below, a word costs more than it
# helps. Not a time, so that the same function on a slow machine says the same.
WORTH_A_WORD = 64 * 1024  # bytes

_Module = type(sys)
_AT_ONCE = 1 << 16  # bytes to read: more than nearly every module has

# The head of bytecode: https://peps.python.org/pep-0552/
_HEAD, _WORD = 16, 0xFFFFFFFF
_BY_TIME, _UNCHECKED, _BY_HASH = (MAGIC_NUMBER + bytes([flags, 0, 0, 0]) for flags in (0, 1, 3))
_RAW_MAGIC = int.from_bytes(MAGIC_NUMBER, "little")


class Compiled(dict[str, tuple[int, int]]):
    """Files for which there was no valid bytecode and none could be left, so that each start compiles them.

    Each with its size in bytes and the nanoseconds of processor time that it took.
    """

    def explain(self, task_root: str | None) -> str | None:
        """What to tell of the function's and its layers', if they are as much as `WORTH_A_WORD`.

        Args:
            task_root: The function's folder.
        """
        homes = ("/opt/",) if task_root is None else ("/opt/", task_root.rstrip("/") + "/")
        ours = [file for file in self if file.startswith(homes)]
        if sum(self[file][0] for file in ours) < WORTH_A_WORD:
            return None
        milliseconds = sum(self[file][1] for file in ours) // 1_000_000
        what = "1 module has" if len(ours) == 1 else f"{len(ours)} modules have"
        return (
            f"{what} no valid bytecode and cannot keep any here, so that every start compiles:"
            f" {milliseconds} ms of this one. The first is {ours[0]}. `aioric optimize` compiles them at"
            " build time, as does `python -m compileall --invalidation-mode checked-hash`"
        )


class PreparedLoader(SourceFileLoader):
    """The interpreter's loader of a file, with modules made in fewer steps."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module with the attributes that it will have: to look for them in vain costs more."""
        module = _Module(spec.name)
        if spec.submodule_search_locations is not None:
            module.__path__ = spec.submodule_search_locations
        module.__file__ = spec.origin
        if sys.version_info < (3, 15):  # pragma: no branch - one of them on each Python
            module.__cached__ = spec.cached  # type: ignore[attr-defined]  # typeshed leaves it out
        return module


class SourceLoader(PreparedLoader):
    """Becomes the interpreter's own loader once it was asked for the code."""

    begun: tuple[stat_result, str, Compiled, Ahead]

    def get_code(self, fullname: str) -> CodeType | None:
        """The module's code: from bytecode that is valid, else as the interpreter comes by it."""
        status, cached, compiled, ahead = self.begun
        del self.begun
        self.__class__ = SourceFileLoader  # type: ignore[assignment]  # nobody shall tell the difference
        code = _from_bytecode(self.path, status, cached, ahead)
        if code is None:
            before = _identity(cached)
            began = thread_time_ns()
            code = SourceFileLoader.get_code(self, fullname)
            if _identity(cached) == before:
                compiled[self.path] = status.st_size, thread_time_ns() - began
        if ahead.needed and code is not None:
            ahead.follow(code, self.path)
        return code


def _from_bytecode(file: str, status: stat_result, cached: str, ahead: Ahead) -> CodeType | None:
    """The code in a file of bytecode, if it is that of the source."""
    try:
        data = _read(cached, ahead)
        head = data[:8]
        if head == _BY_TIME:
            time, size = int(status.st_mtime) & _WORD, status.st_size & _WORD
            valid = data[8:_HEAD] == (time | size << 32).to_bytes(8, "little")
        elif head == _BY_HASH:
            valid = data[8:_HEAD] == source_hash(_RAW_MAGIC, _read(file))
        else:
            valid = head == _UNCHECKED
        if not valid:
            return None
        code: CodeType = loads(memoryview(data)[_HEAD:])  # noqa: S302 - as the interpreter does
        _fix_co_filename(code, file)
    except (OSError, EOFError, ValueError, TypeError):  # not there, or damaged
        return None
    return code


def _read(file: str, ahead: Ahead | None = None) -> bytes:
    opened = open_file(file, O_RDONLY | O_CLOEXEC)
    try:
        if ahead is not None and ahead.questions:
            ahead.notice(file, opened)
        data = part = read(opened, _AT_ONCE)
        while len(part) == _AT_ONCE:
            part = read(opened, _AT_ONCE)
            data += part
        return data
    finally:
        close(opened)


def _identity(file: str) -> tuple[int, int] | None:
    try:
        status = stat(file)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns
