"""The frames of a traceback, written as the interpreter writes them, without importing `traceback`.

`traceback` takes `linecache`, `tokenize` and `re` along and costs more than the rest of a start.
"""

from __future__ import annotations

import sys
from _codecs import lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

# The interpreter shows a repeated entry three times, then says how often it came again.
_REPEATS_SHOWN = 3
# Everything in this folder is ours and tells the function's author nothing.
_OURS = (lambda: None).__code__.co_filename.rpartition("/function/")[0] + "/"


def is_ours(path: str) -> bool:
    """Whether a source file is the runtime's."""
    return path.startswith(_OURS)


class Frame:
    """One call on the stack: `path`, `line` number or `None`, function `name`, and `source` line or `""`."""

    __slots__ = ("line", "name", "path", "source")

    def __init__(self, path: str, line: int | None, name: str, source: str) -> None:
        self.path = path
        self.line = line
        self.name = name
        self.source = source


def frames_of(traceback: TracebackType | None) -> list[Frame]:
    """The calls from the function's own code down to where it failed, outermost first."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(_OURS):
        traceback = traceback.tb_next
    limit = getattr(sys, "tracebacklimit", None)
    sources = Sources()
    frames: list[Frame] = []
    while traceback is not None and (limit is None or len(frames) < limit):
        code = traceback.tb_frame.f_code
        line: int | None = traceback.tb_lineno
        source = sources.line(traceback.tb_frame, line)
        frames.append(Frame(code.co_filename, line, code.co_name, source))
        traceback = traceback.tb_next
    return frames


def format_frames(frames: list[Frame]) -> list[str]:
    """One entry a frame, with its source line; direct recursion is folded after the third."""
    entries: list[str] = []
    last: tuple[str, int | None, str] | None = None
    count = 0
    for frame in frames:
        place = (frame.path, frame.line, frame.name)
        if place != last:
            entries += _folded(count)
            last, count = place, 0
        count += 1
        if count <= _REPEATS_SHOWN:
            source = f"    {frame.source}\n" if frame.source else ""
            entries.append(f'  File "{frame.path}", line {frame.line}, in {frame.name}\n{source}')
    return entries + _folded(count)


def _folded(count: int) -> list[str]:
    more = count - _REPEATS_SHOWN
    return [f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n"] if more > 0 else []


class Sources:
    """Source files, each read once while a failure is being described."""

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def line(self, frame: FrameType, number: int | None) -> str:
        """The stripped source line, `""` if it cannot be had."""
        path = frame.f_code.co_filename
        lines = self._files.get(path)
        if lines is None:
            try:
                lines = _read_lines(frame, path)
            except Exception:  # noqa: BLE001 - no descriptors, no memory, a loader's own trouble
                lines = []
            self._files[path] = lines
        if number is None or not 0 < number <= len(lines):
            return ""
        return lines[number - 1].strip()


def _read_lines(frame: FrameType, path: str) -> list[str]:
    if path.startswith("<") and path.endswith(">"):
        return []
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs more to import than this runtime
            return _split_lines(_decode(file.read()))
    except OSError:
        return _split_lines(_source_from_loader(frame))


def _source_from_loader(frame: FrameType) -> str:
    """The source of a module that is no file, e.g. in a zip: its loader knows."""
    names = frame.f_globals
    spec = names.get("__spec__")
    loader = getattr(spec, "loader", None) or names.get("__loader__")
    name = getattr(spec, "name", None) or names.get("__name__")
    get_source = getattr(loader, "get_source", None)
    return (get_source(name) if get_source is not None else None) or ""


def _decode(source: bytes) -> str:
    """Python source as text, by its byte order mark or its encoding comment (PEP 263)."""
    if source.startswith(b"\xef\xbb\xbf"):
        return str(source[3:], "utf-8")
    for line in source.split(b"\n", 2)[:2]:
        comment = line.strip(b" \t\f\r")
        if comment.startswith(b"#"):
            if encoding := _encoding_in(comment):
                return lookup(encoding).decode(source)[0]
        elif comment:
            break
    return str(source, "utf-8")


def _encoding_in(comment: bytes) -> str:
    text = str(comment, "latin-1")
    _, coding, rest = text.partition("coding")
    if not coding or rest[:1] not in (":", "="):
        return ""
    rest = rest[1:].lstrip(" \t")
    length = 0
    while length < len(rest) and (rest[length].isalnum() or rest[length] in "-_."):
        length += 1
    return rest[:length]


def _split_lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
