"""The cold-start budget: in figures, and as a mark on a user's own tests."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator.cold_start import Budget, imported_modules, read_budget
from aioric_emulator.configuration import FunctionConfiguration

if TYPE_CHECKING:
    from pathlib import Path


def configure(folder: Path, source: str, handler: str = "app.handler") -> FunctionConfiguration:
    """Give the configuration of a function with this source."""
    (folder / "app.py").write_text(source)
    return FunctionConfiguration(handler, ("true",), folder, variables={"A": "1"})


def test_what_is_forbidden_is_found(tmp_path: Path) -> None:
    """With all modules below a name; what is printed meanwhile does not matter."""
    function = configure(tmp_path, "import os, wave, json.tool\nprint(os.environ['A'])\n")
    budget = Budget(forbid=("json.tool", "turtle"))
    assert budget.exceeded(function, []) == ["the function imports json.tool, which is forbidden"]


def test_a_handler_may_be_nested(tmp_path: Path) -> None:
    """Its module is what stands before the colon, or before the last dot."""
    assert "app" in imported_modules(configure(tmp_path, "", "app:Service.handler"))


def test_what_cannot_be_imported_is_told(tmp_path: Path) -> None:
    """With Python's own words."""
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        imported_modules(configure(tmp_path, "1 / 0"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"maxms": 5}, "maxms"),
        ({}, "say max_ms, or forbid, or both"),
        ({"forbid": "pandas"}, 'forbid is a list of modules: forbid=["pandas"]'),
    ],
)
def test_a_mark_that_says_nothing_is_told(words: dict[str, Any], message: str) -> None:
    """Instead of a budget that nobody holds."""
    with pytest.raises(TypeError, match=re.escape(message)):
        read_budget(**words)


def test_a_mark_may_be_short() -> None:
    """Its first word is the time."""
    assert read_budget(300) == Budget(300)
    assert read_budget(forbid=["a", "b"]) == Budget(None, ("a", "b"))


def test_durations_are_bounded(tmp_path: Path) -> None:
    """Each of them; and there has to be one."""
    function = configure(tmp_path, "")
    budget = Budget(max_ms=100)
    assert budget.exceeded(function, [99.0, 150.4]) == ["an init took 150 ms, and may take 100 ms"]
    assert budget.exceeded(function, []) == ["there was no cold start to measure"]
    assert Budget().exceeded(function, []) == []


def test_the_mark_fails_a_test(tmp_path: Path) -> None:
    """After it, with the reasons; one within its budget passes."""
    (tmp_path / "app.py").write_text("import wave\ndef handler(event, context):\n    return 1\n")
    (tmp_path / "test_it.py").write_text(
        "import pathlib, pytest\n"
        "ROOT = pathlib.Path(__file__).parent\n"
        "@pytest.mark.cold_start(max_ms=0.5, forbid=['wave'])\n"
        "def test_over(aioric_function_sync):\n"
        "    with aioric_function_sync('app.handler', task_root=ROOT) as fn:\n"
        "        assert fn.invoke({}).payload == 1\n"
        "@pytest.mark.cold_start(max_ms=9999, forbid=['pandas'])\n"
        "def test_within(aioric_function_sync):\n"
        "    with aioric_function_sync('app.handler', task_root=ROOT) as fn:\n"
        "        assert fn.invoke({}).payload == 1\n"
        "@pytest.mark.cold_start(maxms=1)\n"
        "def test_mistaken(aioric_function_sync):\n"
        "    pass\n"
        "def test_local(aioric_local):\n"
        "    assert aioric_local(lambda event, context: event).invoke([1]).payload == [1]\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--strict-markers",
        "-p",
        "no:cacheprovider",
        "test_it.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    report = done.stdout.decode()
    assert "4 passed, 2 errors" in report
    assert "@pytest.mark.cold_start: " in report
    assert "Over the cold-start budget: an init took" in report
    assert "the function imports wave, which is forbidden" in report
