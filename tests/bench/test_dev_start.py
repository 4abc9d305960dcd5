"""The start of `aioric dev`, timed: its parts are parts of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.dev_start import FUNCTION, take

if TYPE_CHECKING:
    from pathlib import Path


def test_a_start_is_taken_apart(tmp_path: Path) -> None:
    """The function answers; listening and the init come before that, and both cost something."""
    (tmp_path / "app.py").write_text(FUNCTION)
    start = take(tmp_path)
    assert 0 < start.listens < start.total
    assert 0 < start.init < start.total
    assert start.cpu > 0
