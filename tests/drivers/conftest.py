"""The drivers and the peer that every conformance test runs over."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.drivers.peer import Peer
from tests.drivers.serving import Driver, Gate

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["blocking", "asyncio", "uvloop"])
def driver(request: pytest.FixtureRequest) -> Driver:
    """Each driver, and the event loop on each loop."""
    return Driver(request.param)


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_driver(request: pytest.FixtureRequest) -> Driver:
    """The event loop driver on each loop."""
    return Driver(request.param)


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The platform's side."""
    with Peer() as peer:
        yield peer


@pytest.fixture
def gate() -> Gate:
    """A gate for the handler."""
    return Gate()


@pytest.fixture(autouse=True)
def _own_environment() -> Iterator[None]:
    """What a driver leaves in the environment ends with the test."""
    before = os.environ.copy()
    yield
    os.environ.clear()
    os.environ.update(before)
