"""Finding modules in fewer steps: whatever is found is what the interpreter would have found."""

from __future__ import annotations

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder, SourceFileLoader
from typing import TYPE_CHECKING

import pytest

from aioric import modules
from aioric.modules import ModuleFinder, install, retire

if TYPE_CHECKING:
    from pathlib import Path

# What may lie in a folder under one name, in the order in which the interpreter prefers it.
SHAPES = {
    "a module": ["thing.py"],
    "a package": ["thing/__init__.py"],
    "an extension module": [f"thing{EXTENSION_SUFFIXES[0]}"],
    "a plain extension module": ["thing.so"],
    "bytecode alone": ["thing.pyc"],
    "a package in C": [f"thing/__init__{EXTENSION_SUFFIXES[0]}"],
    "a namespace": ["thing/other.py"],
    "a package and a module": ["thing/__init__.py", "thing.py"],
    "a package and an extension": ["thing/__init__.py", "thing.so"],
    "an extension and a module": ["thing.so", "thing.py"],
    "another interpreter's extension": ["thing.cpython-30-x.so"],
    "another interpreter's and a module": ["thing.cpython-30-x.so", "thing.py"],
    "bytecode beside the source": ["thing.py", "thing.pyc"],
    "a namespace beside a module": ["thing/other.py", "thing.py"],
    "a folder called as a module": ["thing.py/other"],
    "a file called as a package": ["thing"],
    "a package without a file to begin with": ["thing/__init__.py/other"],
    "nothing": ["other.py"],
}
LEFT = {
    *("bytecode alone", "a package in C", "a namespace", "a namespace beside a module", "nothing"),
    *("another interpreter's extension", "a folder called as a module", "a file called as a package"),
    "a package without a file to begin with",
}


def put(folder: Path, files: list[str]) -> None:
    """Make empty files."""
    for name in files:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def facts(spec: ModuleSpec | None) -> tuple[object, ...] | None:
    """All that a module will be able to tell of where it came from."""
    if spec is None:
        return None
    assert spec.loader is not None
    kind = SourceFileLoader if isinstance(spec.loader, SourceFileLoader) else type(spec.loader)
    return spec.name, spec.origin, spec.cached, spec.submodule_search_locations, spec.has_location, kind


@pytest.fixture
def meta_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The finders are those of the process again afterwards."""
    monkeypatch.setattr(sys, "meta_path", sys.meta_path.copy())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["thing", "parent.thing"])
def test_what_is_found_is_what_the_interpreter_finds(name: str, shape: str, tmp_path: Path) -> None:
    """Each shape of a module is found as the interpreter finds it, or left to it."""
    put(tmp_path / "first", ["unlike.py", "thing.txt"])
    put(tmp_path / "second", SHAPES[shape])
    put(tmp_path / "third", ["thing.py"])
    path = [str(tmp_path / each) for each in ("first", "second", "third")]
    if shape == "nothing":
        path.pop()
    found = ModuleFinder().find_spec(name, path)

    assert (found is None) == (shape in LEFT)
    assert found is None or facts(found) == facts(PathFinder.find_spec(name, path))


def test_the_whole_standard_library() -> None:
    """Every top-level module of the interpreter's own is where the interpreter finds it, or left to it."""
    finder = ModuleFinder()
    names = sorted(sys.stdlib_module_names - {"__main__"})
    found = {name: finder.find_spec(name, None) for name in names}

    assert {name: facts(spec) for name, spec in found.items() if spec is not None} == {
        name: facts(PathFinder.find_spec(name)) for name, spec in found.items() if spec is not None
    }
    assert {"json", "asyncio"} <= {name for name, spec in found.items() if spec is not None}
    assert found["sys"] is found["os"] is None  # built in, and frozen


@pytest.mark.parametrize("path", [[""], ["."], ["{}/"], ["{}/archive.zip"], ["{}/app.py"], [7]], ids=str)
def test_a_place_that_is_no_ordinary_folder_is_left(path: list[object], tmp_path: Path) -> None:
    """Relative names, archives and what is no name at all are the interpreter's business."""
    put(tmp_path, ["thing.py", "archive.zip", "app.py"])
    places = [place.format(tmp_path) if isinstance(place, str) else place for place in path]

    assert ModuleFinder().find_spec("thing", [*places, str(tmp_path)]) is None  # type: ignore[list-item]


def test_a_place_known_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that does not exist, as layers often do not, is passed over."""
    put(tmp_path, ["thing.py"])
    monkeypatch.setitem(sys.path_importer_cache, "/nowhere/at/all", None)

    assert ModuleFinder().find_spec("thing", ["/nowhere/at/all", str(tmp_path)]) is not None


def test_a_place_with_a_finder_of_somebodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for which another finder was made is left, and so is everything once there is another hook."""
    put(tmp_path, ["thing.py"])
    finder = ModuleFinder()
    with monkeypatch.context() as patch:
        patch.setitem(sys.path_importer_cache, str(tmp_path), object())
        assert finder.find_spec("thing", [str(tmp_path)]) is None
    assert finder.find_spec("thing", [str(tmp_path)]) is not None
    monkeypatch.setattr(sys, "path_hooks", [print, *sys.path_hooks])

    assert finder.find_spec("thing", [str(tmp_path)]) is None


def test_a_folder_that_changes(tmp_path: Path) -> None:
    """A module that is written during the start is found, one that is removed is not."""
    finder, path = ModuleFinder(), [str(tmp_path)]
    assert finder.find_spec("thing", path) is None
    put(tmp_path, ["thing.py"])
    made = tmp_path.stat().st_mtime_ns + 1_000_000_000
    os.utime(tmp_path, ns=(made, made))  # clocks of file systems may stand for some milliseconds
    assert finder.find_spec("thing", path) is not None
    finder.invalidate_caches()
    (tmp_path / "thing.py").unlink()

    assert finder.find_spec("thing", path) is None


def test_a_file_that_vanishes_between_two_looks(tmp_path: Path) -> None:
    """A name that is still listed and no longer there is left."""
    finder, path = ModuleFinder(), [str(tmp_path)]
    put(tmp_path, ["thing.py"])
    assert finder.find_spec("thing", path) is not None
    made = tmp_path.stat().st_mtime_ns
    (tmp_path / "thing.py").unlink()
    os.utime(tmp_path, ns=(made, made))

    assert finder.find_spec("thing", path) is None


@pytest.mark.usefixtures("meta_path")
def test_it_stands_before_the_interpreters_finders_and_after_all_others() -> None:
    """Hooks that tools had put in place are asked first; at the end it is gone."""
    before = sys.meta_path.copy()
    finder = install()
    assert finder is not None
    places = [type(each) is ModuleFinder for each in sys.meta_path]

    assert sys.meta_path[places.index(True) + 1].__name__ == "BuiltinImporter"  # type: ignore[attr-defined]
    assert sys.meta_path[: places.index(True)] == before[: places.index(True)]
    finder.compiled["/a.py"] = 1, 2
    assert retire() == {"/a.py": (1, 2)}
    assert sys.meta_path == before


@pytest.mark.usefixtures("meta_path")
@pytest.mark.parametrize("unusual", ["prefix", "finders"])
def test_an_interpreter_told_something_unusual(unusual: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytecode elsewhere, or an interpreter without its own finder: nothing is put in its way."""
    if unusual == "prefix":
        monkeypatch.setattr(sys, "pycache_prefix", "/tmp/elsewhere")  # noqa: S108 - never written to
    else:
        sys.meta_path = []
    assert modules.install() is None
    assert ModuleFinder not in [type(each) for each in sys.meta_path]
