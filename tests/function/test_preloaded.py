"""What awslambdaric has loaded before a function's code runs is the standard library's for that function."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from aioric.function.aside import Aside
from aioric.function.preloaded import Preloaded, find_standard, preloaded, stdlib_directories

if TYPE_CHECKING:
    import pathlib
    import types
    from collections.abc import Iterator

ASK = "import sys; print(*sys.modules); raise SystemExit\n"


def loaded_by(arguments: list[str], folder: pathlib.Path, execution_env: str = "") -> set[str]:
    """The standard library's top-level modules that are loaded when `app.py` runs."""
    (folder / "app.py").write_text(ASK)
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9", "AWS_EXECUTION_ENV": execution_env},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in ran.stdout.split()} & sys.stdlib_module_names


@pytest.mark.parametrize("execution_env", ["", "AWS_Lambda_python3.13"])
def test_the_names_are_those_that_the_official_client_has_loaded(
    tmp_path: pathlib.Path, execution_env: str
) -> None:
    """Neither more nor less, but for what every interpreter has loaded or compiled in."""
    every = loaded_by(["app.py"], tmp_path) | set(sys.builtin_module_names)
    official = loaded_by(["-m", "awslambdaric", "app.handler"], tmp_path, execution_env)
    # Started by `-m`, as the managed image's script is not.
    official -= {"runpy", "importlib", "zipimport"}

    assert official - every == preloaded(threaded=bool(execution_env)) - every


def test_other_names_are_left_to_the_function(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file named like a module that the official client does not load is found as ever."""
    (tmp_path / "csv.py").write_text("")
    (tmp_path / "json.py").write_text("")
    finder = Preloaded(preloaded(threaded=False), {})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    for name in ("csv", "json"):
        monkeypatch.delitem(sys.modules, name, raising=False)

    assert importlib.util.find_spec("csv").origin == str(tmp_path / "csv.py")  # type: ignore[union-attr]  # it is there
    assert importlib.util.find_spec("json").origin != str(tmp_path / "json.py")  # type: ignore[union-attr]  # likewise
    assert finder.find_spec("email.json", ["/somewhere"]) is None


@pytest.fixture
def without_logging() -> Iterator[None]:
    """A process that has not imported `logging` yet, as far as the import system can tell."""
    module, finders = sys.modules.pop("logging"), sys.meta_path
    yield
    sys.modules["logging"], sys.meta_path = module, finders


@pytest.mark.usefixtures("without_logging")
def test_who_waits_for_a_module_hears_of_it_once() -> None:
    """The first import that counts is announced; a copy that somebody makes for himself is not."""
    heard: list[types.ModuleType] = []
    finder = Preloaded(frozenset(["logging"]), {"logging": heard.append})
    sys.meta_path = [finder, *sys.meta_path]
    spec = importlib.util.find_spec("logging")
    assert spec is not None
    assert spec.loader is not None
    assert "class Logger" in spec.loader.get_source("logging")  # type: ignore[attr-defined]  # the real one has it
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    loaded = __import__("logging")
    del sys.modules["logging"]
    __import__("logging")

    assert heard == [loaded]
    assert loaded.__spec__ is not None
    assert type(loaded.__spec__.loader).__module__ == "_frozen_importlib_external"


def test_a_module_without_a_spec_is_run_all_the_same() -> None:
    """An unusual importer may hand over a module that does not know where it comes from."""
    finder = Preloaded(frozenset(["logging"]), {"logging": lambda _: pytest.fail("told of a stranger")})
    spec = finder.find_spec("logging", None)
    assert spec is not None
    assert spec.loader is not None
    module = type(sys)("logging")
    module.__file__ = spec.origin
    spec.loader.exec_module(module)

    assert module.WARNING == 30


def test_the_standard_library_is_found_in_all_its_shapes() -> None:
    """Compiled in, frozen, and in a file; and a name that it has not is not found."""
    places = [
        getattr(find_standard(name, stdlib_directories()), "origin", None)
        for name in ("time", "os", "json", "nope")
    ]

    assert places[:2] == ["built-in", "frozen"]
    assert str(places[2]).startswith(os.path.dirname(os.__file__))  # noqa: PTH120 - as the module under test does
    assert places[3] is None


def test_an_interpreter_without_a_module_is_left_to_say_so(tmp_path: pathlib.Path) -> None:
    """Where the standard library lacks a module, the import system goes on looking."""
    finder = Preloaded(frozenset(["nope"]), {"nope": lambda _: pytest.fail("there is none")})

    assert finder.find_spec("nope", None) is None
    assert str(tmp_path) not in sys.path


@pytest.mark.usefixtures("without_logging")
def test_it_is_heard_also_when_the_folders_are_set_aside() -> None:
    """Our own late imports, asyncio's among them, do not get past whoever waits for a module."""
    heard: list[types.ModuleType] = []
    sys.meta_path = [Preloaded(frozenset(["logging"]), {"logging": heard.append}), *sys.meta_path]
    with Aside(stdlib_directories(), hide=False):
        loaded = __import__("logging")

    assert heard == [loaded]
