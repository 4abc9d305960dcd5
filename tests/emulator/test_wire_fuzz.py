"""Bad requests on every socket of a real `aioric dev`; `python -m tests.emulator.fuzz` sends more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.wire_fuzz import make_case, serving

if TYPE_CHECKING:
    from pathlib import Path

CASES = 500


@pytest.mark.parametrize("lanes", [None, 4], ids=["classic", "managed"])
def test_bad_bytes_leave_it_as_it_was(tmp_path: Path, lanes: int | None) -> None:
    """A good request is answered after them, with no fault in the log, and no more memory or descriptors."""
    with serving(tmp_path, lanes) as target:
        for number in range(CASES):
            target.run(make_case(seed=2026, number=number))
        target.check()


def test_a_case_is_the_same_for_the_same_numbers() -> None:
    """A failure can be repeated."""
    assert make_case(1, 2) == make_case(1, 2)
    assert make_case(1, 2) != make_case(1, 3)
