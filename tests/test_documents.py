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


NAMED = re.compile(r"`(tests/[\w/]+(?:\.py)?)(?:::(\w+))?`")


@documents
def test_tests_that_are_named_are_there(path: Path) -> None:
    """A claim that names the test behind it names a file, or a folder, and a test in it."""
    missing = [
        f"{place}::{name}"
        for place, name in NAMED.findall(path.read_text())
        if not (ROOT / place).exists() or (name and f"def {name}(" not in (ROOT / place).read_text())
    ]

    assert missing == []


def rows(path: Path, heading: str) -> dict[str, tuple[str, ...]]:
    """The rows of the table with this heading in its second column, by their first."""
    lines = path.read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"| | {heading} |"))
    found = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        first, *others = (cell.strip() for cell in line.strip("|").split("|"))
        found[first] = tuple(others)
    return found


def test_the_readme_compares_what_the_page_proves() -> None:
    """Each of its rows stands on the page about the local Lambda too, with the test behind it."""
    page = rows(ROOT / "docs" / "local-lambda.md", "`aioric dev`")

    assert all(NAMED.search(cells[-1]) for cells in page.values())
    for name, cells in rows(ROOT / "README.md", "`aioric dev`").items():
        assert page[name][:-1] == cells, name
