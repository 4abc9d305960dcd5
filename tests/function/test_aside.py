"""The runtime's late imports find the standard library, whatever lies in the function's folders."""

from __future__ import annotations

import pathlib
import subprocess
import sys
import threading
import types

import pytest

from aioric.function.aside import Aside, import_stdlib
from aioric.function.preloaded import stdlib_directories

RUNTIME = pathlib.Path(__file__).parents[2] / "runtime"


def run(script: str, task_root: pathlib.Path) -> str:
    """What the script prints with the task root first on `sys.path`, in a process of its own."""
    prelude = (
        "import sys; from aioric.function.aside import Aside, import_stdlib\n"
        "from aioric.function.preloaded import stdlib_directories\n"
        f"sys.path.insert(0, {str(task_root)!r})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", prelude + script],
        env={"PYTHONPATH": str(RUNTIME)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.fixture
def task_root(tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with files that are named like modules that `logging` and `traceback` import."""
    for name in ("string", "re", "traceback", "weakref", "tokenize", "collections", "decimal", "logging"):
        (tmp_path / f"{name}.py").write_text(f"WHOSE = 'the function: {name}'")
    return tmp_path


def test_a_module_and_all_that_it_imports_are_the_interpreters(task_root: pathlib.Path) -> None:
    """Files of the same names in the task root are not seen."""
    assert run("print(import_stdlib('logging').WARNING)", task_root) == "30"


def test_a_functions_module_of_a_standard_name_stays_its_own(task_root: pathlib.Path) -> None:
    """What the function has imported under such a name is there again afterwards."""
    script = (
        "import string, decimal; mine = string\n"
        "print(import_stdlib('logging').WARNING, import_stdlib('decimal').Decimal)\n"
        "import string; print(string is mine, sys.modules['decimal'] is decimal, decimal.WHOSE)"
    )

    expected = "30 <class 'decimal.Decimal'>\nTrue True the function: decimal"
    assert expected == run(script, task_root)


def test_submodules_are_returned_themselves(task_root: pathlib.Path) -> None:
    """A dotted name leads to the module at its end."""
    assert run("print(import_stdlib('json.decoder').__name__)", task_root) == "json.decoder"


def test_a_loaded_module_is_not_looked_for() -> None:
    """What the interpreter has loaded is returned as it is."""
    assert import_stdlib("json") is sys.modules["json"]
    assert import_stdlib("sys") is sys


def test_everything_is_as_before_after_a_failure() -> None:
    """A module that does not exist leaves no trace in the import system."""
    finders = sys.meta_path.copy()

    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_module'"):
        import_stdlib("no_such_module")

    assert finders == sys.meta_path


def test_a_standard_name_that_is_not_installed_is_not_taken_from_elsewhere() -> None:
    """Some distributions leave modules out; a file of that name in the task root is no replacement."""
    aside = Aside([])

    with pytest.raises(ModuleNotFoundError, match="No module named 'string'"):
        aside.find_spec("string", None)


def test_other_names_packages_and_threads_are_left_alone() -> None:
    """Only top-level names of the standard library are answered, and only in the thread that asks."""
    aside = Aside(stdlib_directories())
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(aside.find_spec("string", None)))
    thread.start()
    thread.join()

    assert answers == [None]
    assert aside.find_spec("pytest", None) is None
    assert aside.find_spec("json.decoder", ["somewhere"]) is None
    assert aside.find_spec("sys", None).origin == "built-in"  # type: ignore[union-attr]


def test_a_module_of_unknown_origin_is_foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that somebody made by hand is taken out of the way, and put back."""
    handmade = types.ModuleType("this")
    monkeypatch.setitem(sys.modules, "this", handmade)

    with Aside(stdlib_directories()):
        assert "this" not in sys.modules

    assert sys.modules["this"] is handmade


def test_installed_packages_are_not_the_standard_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """`site-packages` lies within the standard library's folder but is the function's."""
    backport = types.ModuleType("typing")
    home = stdlib_directories()[0]
    backport.__spec__ = types.SimpleNamespace(origin=f"{home}/site-packages/typing.py")  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "typing", backport)

    assert import_stdlib("typing") is not backport


def test_nothing_need_be_hidden() -> None:
    """Where only new imports matter, loaded modules are left in place."""
    loaded = sys.modules.copy()

    with Aside(stdlib_directories(), hide=False):
        assert loaded == sys.modules
