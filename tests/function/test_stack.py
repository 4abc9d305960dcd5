"""Tracebacks read as the interpreter's own `traceback` module writes them, which is asked each time."""

from __future__ import annotations

import sys
import traceback
import types
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from aioric.errors import ImportModuleError
from aioric.function import loader
from aioric.function.stack import format_frames, frames_of

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Iterator


# From Python 3.15 on `linecache` warns of modules without a loader, some of which are made here.
pytestmark = pytest.mark.filterwarnings("ignore:Module globals is missing:DeprecationWarning")


def raised(function: Callable[[], object]) -> types.TracebackType:
    """The traceback of what `function` raises, from `function`'s own frame on."""
    try:
        function()
    except Exception as error:  # noqa: BLE001 - any will do
        found = error.__traceback__ and error.__traceback__.tb_next
        if found is not None:
            return found
    pytest.fail("nothing was raised")


def official(start: types.TracebackType) -> list[str]:
    """What awslambdaric makes of the same traceback: no markers, since only four facts are kept."""
    return traceback.format_list(
        [(entry.filename, entry.lineno, entry.name, entry.line) for entry in traceback.extract_tb(start)]  # type: ignore[misc]
    )


def ours(start: types.TracebackType) -> list[str]:
    """What we make of it."""
    return format_frames(frames_of(start))


def recursive(depth: int) -> object:
    """Fail after calling itself `depth` times."""
    if depth:
        recursive(depth - 1)
    raise ValueError("bottom")


def ping(depth: int) -> object:
    """Fail after `depth` calls back and forth with `pong`."""
    if depth:
        pong(depth - 1)
    raise ValueError("bottom")


def pong(depth: int) -> object:
    """The other half of `ping`."""
    return ping(depth)


@pytest.mark.parametrize("depth", [0, 1, 2, 3, 4, 5, 300])
def test_direct_recursion_is_folded(depth: int) -> None:
    """The first three calls are shown, then how many more there were."""
    start = raised(lambda: recursive(depth))

    assert official(start) == ours(start)


def test_indirect_recursion_is_shown() -> None:
    """Calls that differ are all shown."""
    start = raised(lambda: ping(5))

    assert official(start) == ours(start)


def test_a_statement_over_several_lines_shows_one() -> None:
    """Of a statement that spans lines the failing one is shown."""
    start = raised(
        lambda: [
            1,
            recursive(
                0,
            ),
        ]
    )

    assert official(start) == ours(start)


SOURCES = {
    "ascii": b"def fail():\n    raise ValueError\n",
    "utf-8": "def fail():\n    raise ValueError('é✓')\n".encode(),
    "utf-8 with a byte order mark": b"\xef\xbb\xbf" + "def fail():\n    raise ValueError('é')\n".encode(),
    "latin-1": "# -*- coding: latin-1 -*-\ndef fail():\n    raise ValueError('é')\n".encode("latin-1"),
    "latin-1 on the second line": (
        "#!sh\n# vim: set fileencoding=latin-1 :\ndef fail():\n    raise ValueError('é')\n".encode("latin-1")
    ),
    "a comment about coding": "# coding is fun\n\ndef fail():\n    raise ValueError('é')\n".encode(),
    "code before the encoding": b"def fail():\n    # coding: latin-1\n    raise ValueError\n",
    "carriage returns": b"def fail():\r\n    raise ValueError\r\n",
    "form feed": b"\x0cdef fail():\n    raise ValueError\n",
    "no newline at the end": b"def fail():\n    raise ValueError",
}


@pytest.fixture
def _forgetting() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def execute(path: pathlib.Path, source: bytes) -> Callable[[], object]:
    """The function `fail` of a module with this source, which is left at `path`."""
    path.write_bytes(source)
    module = types.ModuleType("made")
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - the code is the test's
    fail: Callable[[], object] = module.fail
    return fail


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_source_lines_are_read_as_python_reads_them(tmp_path: pathlib.Path, source: bytes) -> None:
    """Encodings and line ends are understood as by the interpreter."""
    start = raised(execute(tmp_path / "made.py", source))

    assert official(start) == ours(start)
    assert "raise ValueError" in ours(start)[0]


@pytest.mark.parametrize(
    "changed",
    [b"", b"\xff\xfe", b"# coding: no-such-codec\n# \n# \n", None],
    ids=["emptied", "not utf-8", "unknown encoding", "removed"],
)
def test_source_that_cannot_be_read_is_left_out(tmp_path: pathlib.Path, changed: bytes | None) -> None:
    """A file that is gone, or is no longer what was run, leaves an entry without a line."""
    path = tmp_path / "made.py"
    fail = execute(path, b"def fail():\n    raise ValueError\n")
    if changed is None:
        path.unlink()
    else:
        path.write_bytes(changed)
    start = raised(fail)

    assert [f'  File "{path}", line 2, in fail\n'] == ours(start) == official(start)


def test_an_encoding_that_is_none_is_left_out(tmp_path: pathlib.Path) -> None:
    """A codec that does not make text, over which the interpreter's module stumbles, leaves no line."""
    path = tmp_path / "made.py"
    fail = execute(path, b"def fail():\n    raise ValueError\n")
    path.write_bytes(b"# coding: hex\n\n\n")

    assert [f'  File "{path}", line 2, in fail\n'] == ours(raised(fail))


def test_source_without_a_file_is_left_out() -> None:
    """Code from a string has no line to show."""
    names: dict[str, Any] = {}
    exec("def fail():\n    raise ValueError\n", names)  # noqa: S102 - the code is the test's
    start = raised(names["fail"])

    assert official(start) == ours(start) == ['  File "<string>", line 2, in fail\n']


@pytest.mark.usefixtures("_forgetting")
def test_source_in_a_zip_comes_from_its_loader(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that is no file of its own is asked for its source."""
    archive = tmp_path / "code.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("packed_module.py", "def fail():\n    raise ValueError\n")
    monkeypatch.syspath_prepend(archive)
    start = raised(__import__("packed_module").fail)

    assert official(start) == ours(start)
    assert "raise ValueError" in ours(start)[0]


class NoSource:
    def get_source(self, _name: str) -> str | None:
        return None


@pytest.mark.parametrize(
    "module_loader", [None, NoSource(), object()], ids=["none", "no source", "another kind"]
)
def test_a_loader_without_source_is_no_trouble(tmp_path: pathlib.Path, module_loader: object) -> None:
    """A loader may not know the source, or not be one that can be asked."""
    fail = execute(tmp_path / "made.py", b"def fail():\n    raise ValueError\n")
    fail.__globals__["__loader__"] = module_loader
    (tmp_path / "made.py").unlink()
    start = raised(fail)

    assert official(start) == ours(start)


@pytest.mark.parametrize("limit", [0, 1, 2, 100])
def test_a_limit_of_the_interpreter_is_obeyed(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """`sys.tracebacklimit` cuts from the end, as in the interpreter."""
    monkeypatch.setattr(sys, "tracebacklimit", limit, raising=False)
    start = raised(lambda: recursive(2))

    assert official(start) == ours(start)


def test_our_own_frames_at_the_head_are_dropped() -> None:
    """A traceback begins with the function's first frame; only our frames before that are hidden."""
    with pytest.raises(ImportModuleError) as caught:
        loader.load("tests_no_such_module_at_all.handler")
    whole = caught.value.__traceback__

    assert whole is not None
    assert ours(whole)[0].startswith(f'  File "{__file__}"')
    assert "/aioric/" in traceback.extract_tb(whole.tb_next)[0].filename
    assert frames_of(whole.tb_next) == []


def test_no_traceback_has_no_frames() -> None:
    """An exception that was never raised has no stack."""
    assert frames_of(None) == []
