"""Whose a line of the log is."""

from __future__ import annotations

import pytest

from aioric_emulator.log_owner import find_owner, read_request_id
from tests.emulator.rig import Platform


def test_a_classic_line_is_the_running_invocations() -> None:
    """Or that of the one whose last lines are being read, or of one whose init is repeated."""
    platform = Platform()
    invocation, _ = platform.invoke()
    assert find_owner("x", platform.environment, None) is None
    platform.exit(1)
    assert find_owner("x", platform.environment, None) is invocation
    platform.next()
    assert find_owner("x", platform.environment, None) is invocation
    platform.respond("id-1")
    platform.next()
    assert find_owner("x", platform.environment, None) is None
    assert find_owner("x", platform.environment, invocation) is invocation


def test_a_line_of_many_lanes_names_its_own() -> None:
    """One that names nobody, or somebody who is not here, is nobody's."""
    platform = Platform(lanes=2)
    first, _ = platform.invoke()
    second, _ = platform.invoke()
    platform.next()
    platform.next()
    environment = platform.environment
    assert find_owner('{"requestId":"id-2"}', environment, None) is second
    assert find_owner('{"requestId":"id-1"}', environment, None) is first
    assert find_owner('{"requestId":"id-3"}', environment, None) is None
    assert find_owner("plain", environment, None) is None


@pytest.mark.parametrize("line", ["", "x", "{", "[]", '{"requestId":1}', "{}"])
def test_a_line_without_a_request_id(line: str) -> None:
    """Whatever else it is."""
    assert read_request_id(line) == ""
