"""The suite's processes, started once for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.parity.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """All outcomes."""
    suite = Suite()
    suite.start()
    yield suite
    suite.close()
