"""The drivers and the peer of the conformance suite, for streams."""

from __future__ import annotations

from tests.drivers.conftest import (  # noqa: F401 - pytest looks for fixtures here
    _own_environment,
    driver,
    gate,
    loop_driver,
    peer,
)
