"""The documents: their lines fit a terminal, and what they point at is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
WIDTH = 120  # characters
GENERATED = ROOT / "docs" / "benchmarks.md"  # by `python -m bench.readme`
DOCUMENTS = [path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")) if path != GENERATED]

documents = pytest.mark.parametrize("path", DOCUMENTS, ids=[path.name for path in DOCUMENTS])


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that people write, numbered: no code, no tables, nothing that a command has written."""
    code = written = False
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        code ^= line.startswith("```")
        written = line.startswith("<!-- bench:") or (written and not line.startswith("<!-- /bench:"))
        if not code and not written and not line.startswith("|"):
            yield number, line


@documents
def test_lines_of_prose_are_wrapped(path: Path) -> None:
    """No line of prose is wider than the others, so that a terminal and a diff show each as one."""
    assert [number for number, line in prose(path) if len(line) > WIDTH] == []


@documents
def test_links_lead_to_files(path: Path) -> None:
    """Every relative link names a file or folder of the repository."""
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text())
    local = [target for target in targets if "://" not in target]

    assert [target for target in local if not (path.parent / target).exists()] == []
