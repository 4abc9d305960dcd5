"""A function's folder, optimized as users do it, and a process that starts from it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

# What ./bootstrap does until the handler is loaded, and then a question to the process.
ASK = """
import json, sys
sys.path.insert(0, {runtime!r})
from aioric.packed.start import begin
said = []
sys.path.pop(0)
sys.path.append({runtime!r})
sys.path.insert(0, {folder!r})
begin({folder!r}, said.append)
from aioric.packed.finder import PackedLoader
def packed(name):
    return isinstance(sys.modules[name].__loader__, PackedLoader)
{question}
print(json.dumps([said, answer]))
"""


@dataclass
class Task:
    """A function's folder."""

    folder: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file of the function's."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def optimize(self, *options: str, handler: str = "app.handler") -> subprocess.CompletedProcess[str]:
        """Run `aioric optimize`."""
        command = [sys.executable, "-m", "aioric_emulator.cli", "optimize", str(self.folder)]
        return subprocess.run(
            [*command, "--handler", handler, *options],
            check=False,
            cwd=ROOT / "emulator",
            text=True,
            capture_output=True,
        )

    def ask(self, question: str) -> tuple[list[str], Any]:
        """Start from the folder's pack; returns the warnings, and what the question names `answer`."""
        program = ASK.format(runtime=str(ROOT / "runtime"), folder=str(self.folder), question=question)
        run = subprocess.run(
            [sys.executable, "-P", "-W", "error", "-c", program],
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        said, answer = json.loads(run.stdout)
        return said, answer


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody measures coverage in processes that are started: that loads modules before a function does."""
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A function with a package, a resource, expressions and a data class."""
    made = Task(tmp_path / "task")
    made.write("shop/__init__.py", "from shop import till\n")
    made.write("shop/till.py", 'RATE = 1\n\ndef price(n):\n    """Tell the price."""\n    return n * RATE\n')
    made.write("shop/prices.txt", "7\n")
    made.write(
        "app.py",
        "import re\nfrom dataclasses import dataclass\n\nimport shop.till\n\n"
        "@dataclass\nclass Item:\n    name: str\n    price: int = 1\n\n"
        "NUMBER = re.compile(r'(?P<whole>[0-9]+)[.](x|y)', re.I)\nBYTES = re.compile(rb'a+')\n\n"
        "def handler(event, context):\n    return Item('x').price + shop.till.price(1)\n",
    )
    return made
