"""From source to code: valid bytecode is used, and what is compiled at each start is told."""

from __future__ import annotations

import importlib
import inspect
import os
import py_compile
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aioric.bytecode import WORTH_A_WORD, Compiled
from aioric.modules import ModuleFinder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from aioric_emulator import Emulator

BOOTSTRAP = Path(__file__).parents[1] / "bootstrap"
MODES = py_compile.PycInvalidationMode


@pytest.fixture
def finder(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleFinder]:
    """In place, and forgotten with what it loaded; bytecode is not left behind."""
    made = ModuleFinder()
    monkeypatch.setattr(sys, "meta_path", [made, *sys.meta_path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield made
    for name in [each for each in sys.modules if each.partition(".")[0] == "loaded_thing"]:
        del sys.modules[name]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module's source, in a folder that is on the path."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    made = tmp_path / "loaded_thing.py"
    made.write_text("VALUE = 'source'\n")
    return made


def compiled(file: Path, mode: MODES) -> Path:
    """Its bytecode, that tells where it comes from."""
    status = file.stat()
    text = file.read_text()
    made = py_compile.compile(str(file), invalidation_mode=mode, doraise=True)
    assert made is not None
    data = Path(made).read_bytes()
    file.write_text(text.replace("source", "binary"))
    other = py_compile.compile(str(file), invalidation_mode=mode, doraise=True)
    assert other is not None
    head, body = data[:16], Path(other).read_bytes()[16:]
    Path(made).write_bytes(head + body)
    file.write_text(text)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    return Path(made)


def load() -> ModuleType:
    """Import the module."""
    return importlib.import_module("loaded_thing")


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_valid_bytecode_is_used(mode: MODES, file: Path, finder: ModuleFinder) -> None:
    """Bytecode of each kind is taken while it is valid, and there is nothing to tell."""
    compiled(file, mode)

    assert load().VALUE == "binary"
    assert not finder.compiled


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_bytecode_of_another_source(mode: MODES, file: Path, finder: ModuleFinder) -> None:
    """Stale bytecode is not taken, unless it says that it shall never be checked."""
    compiled(file, mode)
    file.write_text("VALUE = 'younger'\n")
    unchecked = mode is MODES.UNCHECKED_HASH

    assert ("binary" if unchecked else "younger") == load().VALUE
    assert list(finder.compiled) == ([] if unchecked else [str(file)])


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "another interpreter's": lambda data: b"\0\0" + data[2:],
    "an unknown kind": lambda data: data[:4] + b"\7" + data[5:],
    "a head only": lambda data: data[:16],
    "truncated": lambda data: data[:-20],
    "empty": lambda _: b"",
    "no code": lambda data: data[:16] + b"N",
}


@pytest.mark.parametrize(
    "damage", ["truncated", "another interpreter's", "an unknown kind", "a head only", "empty"]
)
def test_bytecode_of_no_use(damage: str, file: Path, finder: ModuleFinder) -> None:
    """What is no bytecode of this interpreter is treated as the interpreter treats it."""
    made = compiled(file, MODES.TIMESTAMP)
    made.write_bytes(DAMAGE[damage](made.read_bytes()))
    try:
        expected: Any = SourceFileLoader("loaded_thing", str(file)).get_code("loaded_thing")
    except (EOFError, ValueError) as error:
        with pytest.raises(type(error)):
            load()
        return
    namespace: dict[str, Any] = {}
    exec(expected, namespace)  # noqa: S102 - our own source

    assert load().VALUE == namespace["VALUE"] == "source"
    assert list(finder.compiled) == [str(file)]


def test_bytecode_that_holds_no_code(file: Path, finder: ModuleFinder) -> None:
    """Bytecode that is something else altogether is an import error, as ever."""
    made = compiled(file, MODES.TIMESTAMP)
    made.write_bytes(DAMAGE["no code"](made.read_bytes()))
    with pytest.raises(ImportError, match="Non-code object"):
        load()
    assert isinstance(finder, ModuleFinder)


def test_a_module_longer_than_one_read(file: Path, finder: ModuleFinder) -> None:
    """Bytecode is read to its end."""
    file.write_text(f"VALUE = 'source'\nLONG = {'x' * 200_000!r}\n")
    compiled(file, MODES.CHECKED_HASH)

    assert len(load().LONG) == 200_000
    assert not finder.compiled


def test_a_module_looks_like_any_other(file: Path, finder: ModuleFinder) -> None:
    """Attributes, their order, the loader, the source and the way to reload are the interpreter's own."""
    (file.parent / "loaded_other").mkdir()
    (file.parent / "loaded_other" / "__init__.py").write_text("VALUE = 'source'\n")
    for name in ("loaded_thing", "loaded_other"):
        mine = importlib.import_module(name)
        del sys.modules[name]
        sys.meta_path.remove(finder)
        theirs = importlib.import_module(name)
        sys.meta_path.insert(0, finder)
        del sys.modules[name]
        same = [key for key in vars(theirs) if key not in {"__builtins__", "__spec__", "__loader__"}]

        assert list(vars(mine)) == list(vars(theirs))
        assert [vars(mine)[key] for key in same] == [vars(theirs)[key] for key in same]
        assert type(mine.__loader__) is SourceFileLoader
        assert vars(mine.__loader__) == vars(theirs.__loader__)
        assert mine.__spec__ is not None
        assert mine.__spec__.loader is mine.__loader__
        assert inspect.getsource(mine) == "VALUE = 'source'\n"
    again = load()
    assert importlib.reload(again) is again


def test_a_traceback_has_the_functions_frames_only(file: Path, finder: ModuleFinder) -> None:
    """An import that fails shows no frame of ours."""
    file.write_text("raise ImportError('broken')\n")
    with pytest.raises(ImportError, match="broken") as failure:
        load()
    files = [str(frame.path) for frame in failure.traceback]

    assert finder.compiled
    assert files[-1] == str(file)
    assert not [each for each in files if "aioric" in each and "/tests/" not in each and each != str(file)]


def test_bytecode_that_is_kept_is_nobodys_concern(
    file: Path, finder: ModuleFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that can be written to has its bytecode from the first start on: there is nothing to tell."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)

    assert load().VALUE == "source"
    assert not finder.compiled
    assert list(file.parent.glob("__pycache__/loaded_thing.*.pyc"))


def test_what_is_told() -> None:
    """Only files of the function and of layers count, with their number, the time and the first."""
    files = {"/usr/lib/a.py": 10**9, "/task/b.py": 21 * 10**6, "/opt/python/c.py": 10**7}
    told = Compiled({file: (WORTH_A_WORD, time) for file, time in files.items()})
    text = told.explain("/task/")

    assert text is not None
    assert text.startswith("2 modules have no valid bytecode")
    assert "31 ms of this one. The first is /task/b.py." in text
    assert (told.explain(None) or "").startswith("1 module has")
    elsewhere = (WORTH_A_WORD, 10**9)
    assert Compiled({"/usr/lib/a.py": elsewhere, "/taskforce/b.py": elsewhere}).explain("/task") is None


def test_what_costs_little_is_not_told() -> None:
    """A handful of small modules is nobody's concern, and their log is as it is with the official client."""
    told = Compiled({"/task/b.py": (WORTH_A_WORD - 10, 10**9)})
    assert told.explain("/task") is None
    told["/task/c.py"] = (10, 0)
    assert (told.explain("/task") or "").startswith("2 modules have")


async def test_the_start_warns_once(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """Where no bytecode can be kept, the log has one warning with the count; with bytecode it has none."""
    for name in ("shop", "till"):  # what compiles in about a tenth of a second each
        (tmp_path / f"{name}.py").write_text("".join(f"name_{each} = [{each}]\n" for each in range(10_000)))
    (tmp_path / "app.py").write_text("import shop, till\n\ndef handler(event, context):\n    return 1\n")
    env = {"AIORIC_PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1"}
    settings: dict[str, Any] = {"task_root": tmp_path, "command": [str(BOOTSTRAP)], "env": env}
    logs = []
    for _ in range(2):
        async with aioric_function("app.handler", **settings) as fn:
            assert (await fn.invoke({})).payload == 1
            logs.append("\n".join(map(str, fn.logs)))
        for name in ("app", "shop", "till"):
            py_compile.compile(f"{tmp_path}/{name}.py", doraise=True)

    assert logs[0].count("3 modules have no valid bytecode") == 1
    assert "bytecode" not in logs[1]
