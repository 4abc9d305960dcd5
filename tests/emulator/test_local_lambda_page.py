"""The page on the local Lambda: what its table, and so the README's, stands on."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "local-lambda.md").read_text("utf-8")
ROWS = [row.strip("|").split("|") for row in PAGE.splitlines() if row.startswith("| ")][1:]


def test_each_row_has_a_test_that_is_there() -> None:
    """A file or folder of tests, and in it the function that is named."""
    assert len(ROWS) > 10
    for row in ROWS:
        named = re.findall(r"`(tests/[^`]+)`", row[-1])
        assert named, row
        for each in named:
            path, _, function = each.partition("::")
            assert (ROOT / path).exists(), each
            assert not function or f"def {function}(" in (ROOT / path).read_text("utf-8"), each


def test_the_readmes_rows_are_on_the_page() -> None:
    """It has fewer of them, and says the same."""
    readme = (ROOT / "README.md").read_text("utf-8").partition("| | `aioric dev` | `aws-lambda-rie` |")[2]
    short = [row.strip("|").split("|") for row in readme.partition("\n\n")[0].splitlines()[2:]]
    assert len(short) > 5
    for row in short:
        assert row in [each[:-1] for each in ROWS], row[0]
