"""What is renewed in a restored process, within this one; the hooks are in tests/lifecycle."""

from __future__ import annotations

import random
import sys
import tempfile
from typing import TYPE_CHECKING

from aioric.function.snapshots import renew

if TYPE_CHECKING:
    import pytest


def test_random_numbers_and_names_differ_after_a_restore() -> None:
    """A seed that stood in the snapshot is forgotten, and the maker of names made anew."""
    state = random.getstate()
    try:
        random.seed(1)
        would_follow = random.Random(1).random()  # noqa: S311 - not for secrets
        renew()

        assert random.random() != would_follow  # noqa: S311 - likewise
    finally:
        random.setstate(state)
    assert tempfile._name_sequence is None  # type: ignore[attr-defined]  # noqa: SLF001 - what is renewed


def test_what_a_function_never_imported_is_not_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without `random` and `tempfile` gets neither."""
    monkeypatch.delitem(sys.modules, "random", raising=False)
    monkeypatch.delitem(sys.modules, "tempfile", raising=False)
    renew()

    assert not {"random", "tempfile"} & sys.modules.keys()
