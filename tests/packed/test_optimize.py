"""`aioric optimize` as users run it: bytecode, pack, report, budget."""

from __future__ import annotations

import importlib.util
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator.optimize.imports import changes, parse

if TYPE_CHECKING:
    from aioric_emulator import Emulator
    from tests.packed.conftest import Task

ROOT = Path(__file__).parents[2]

ACCOUNT = """import time: self [us] | cumulative | imported package
import time:       100 |        100 | site
import time:        10 |         10 |     json
import time:        20 |         30 |   shop.till
import time:        40 |         40 |   re
import time:         5 |         75 | app
"""


def test_bytecode_never_looks_stale(task: Task) -> None:
    """Compiled files carry a hash of their source, which survives copies and archives."""
    assert task.optimize("--no-pack").returncode == 0
    file = importlib.util.cache_from_source(str(task.folder / "app.py"))
    with open(file, "rb") as compiled:  # noqa: PTH123 - a name, as importlib gives it
        flags = compiled.read(8)[4:]

    assert flags == b"\3\0\0\0"
    assert not (task.folder / ".aioric").exists()


def test_summary(task: Task) -> None:
    """It says what it packed, unless told to be quiet."""
    assert "regular expressions" in task.optimize().stderr
    assert task.optimize("--quiet").stderr == ""


@pytest.mark.usefixtures("unmeasured")
def test_report(task: Task) -> None:
    """The report shows the tree and what would save most, also as a picture; it changes nothing."""
    run = task.optimize("--report", "--svg", str(task.folder / "flame.svg"))
    picture = ET.parse(task.folder / "flame.svg").getroot()  # noqa: S314 - we wrote it

    assert "What would save most:" in run.stdout
    assert "app without dataclasses" in run.stdout
    assert any("app: " in (title.text or "") for title in picture.iter("{http://www.w3.org/2000/svg}title"))
    assert not (task.folder / ".aioric").exists()


@pytest.mark.usefixtures("unmeasured")
def test_budget(task: Task) -> None:
    """A build fails where the import takes too long, or loads what must not be loaded."""
    run = task.optimize("--no-pack", "--max-ms", "0", "--forbid", "re", "--forbid", "pandas")

    assert run.returncode == 1
    assert "re is imported, and forbidden" in run.stderr
    assert "pandas" not in run.stderr
    assert "0 ms are allowed" in run.stderr
    assert task.optimize("--no-pack", "--max-ms", "60000").returncode == 0


@pytest.mark.parametrize(
    ("source", "handler", "why"),
    [
        ("", "nothing.handler", "Unable to import module 'nothing': No module named 'nothing'"),
        ("", "bad.handler", "Handler 'handler' missing on module 'bad'"),
        ("", "bad", "Bad handler 'bad'"),
        ("def handler(", "bad.handler", "Syntax error in module 'bad'"),
        ("raise ValueError('odd')", "bad.handler", 'ValueError: odd\n  File "{folder}/bad.py", line 1'),
        ("raise SystemExit(3)", "bad.handler", "ended the process while it was imported: sys.exit(3)"),
        ("import os; os._exit(3)", "bad.handler", "the process ended with 3"),
    ],
)
def test_a_handler_that_cannot_be_imported(task: Task, source: str, handler: str, why: str) -> None:
    """The build fails with what the import said, and no word of how we came to it."""
    task.write("bad.py", source)
    run = task.optimize("--report", handler=handler)

    assert run.returncode == 1
    assert why.format(folder=task.folder) in run.stderr
    assert "aioric_emulator" not in run.stderr
    assert "import time:" not in run.stderr


def test_a_pack_that_cannot_be_written(task: Task) -> None:
    """The build fails, says so, and leaves no half of one."""
    task.write(".aioric", "a file where the folder would be")
    run = task.optimize()

    assert run.returncode == 1
    assert "Error: the pack cannot be written: [Errno" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_tree() -> None:
    """A module stands below the one that was the first to import it."""
    tree = parse(ACCOUNT, "app")

    assert [child.name for child in tree.children] == ["shop.till", "re"]
    assert [each.name for each in tree.walk()] == ["app", "shop.till", "json", "re"]
    assert [(c.importer, c.imported, c.saves_us) for c in changes(tree, 2)] == [
        ("app", "re", 40),
        ("app", "shop.till", 30),
    ]


@pytest.mark.usefixtures("unmeasured")
async def test_served_by_bootstrap(aioric_function: type[Emulator], task: Task) -> None:
    """The real start uses a pack, for what it preloads too, and warns in the log when it is stale."""
    loaders = "str([type(each.__loader__) for each in (shop.till, collections, textwrap)])"
    handler = f"def handler(event, context):\n    return {loaders}\n"
    task.write("app.py", f"import collections\nimport textwrap\n\nimport shop.till\n\n{handler}")
    task.optimize()
    command = [str(ROOT / "bootstrap")]
    env = {"AIORIC_PYTHON": sys.executable}
    settings: dict[str, Any] = {"task_root": task.folder, "command": command, "env": env}
    async with aioric_function("app.handler", **settings) as fn:
        assert (await fn.invoke({})).payload.count("PackedLoader") == 3
    task.write("shop/till.py", "def price(n):\n    return 2\n")
    async with aioric_function("app.handler", **settings) as fn:
        assert "SourceFileLoader" in (await fn.invoke({})).payload
        logged = "\n".join(map(str, fn.logs))

    assert logged.count("start.pack is stale") == 1
