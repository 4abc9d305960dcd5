"""Whether the official emulator can run here, said plainly; where it must run, a refusal is a failure."""

from __future__ import annotations

import os

import pytest

from tests.official import sandbox
from tests.official.emulator import BINARY


@pytest.fixture(scope="session")
def classic() -> None:
    """The official emulator's binary is there."""
    if not BINARY.exists():
        _not_here(f"no official emulator: `make setup` puts it at {BINARY}")


@pytest.fixture(scope="session")
def managed_instances(classic: None) -> None:  # noqa: ARG001 - it is a demand, not a value
    """The machine also lets us arrange what its Managed Instances mode asks for."""
    if (reason := sandbox.refusal()) is not None:
        _not_here(reason)


def _not_here(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI skips nothing, but {reason}", pytrace=False)
    pytest.skip(reason)
