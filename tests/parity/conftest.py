"""The suite's processes, started once for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.parity.suite import Suite

if TYPE_CHECKING:
    from collections.abc import Iterator

# As in tests/protocol: a busy machine makes examples slow.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(scope="session")
def suite() -> Iterator[Suite]:
    """All outcomes."""
    suite = Suite()
    suite.start()
    yield suite
    suite.close()
