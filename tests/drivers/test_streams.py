"""What is loaded for streams during init, in a process that has imported nothing yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aioric.function.loader import ASYNC, ASYNC_GENERATOR, GENERATOR, SYNC

RUNTIME = Path(__file__).parents[2] / "runtime"
SHARED = "aioric.function.streaming"
BLOCKING = "aioric.drivers.blocking_streams"
EVENTLOOP = "aioric.drivers.eventloop_streams"
LOAD = """
import sys
sys.path.insert(0, sys.argv[1])
from aioric.drivers.streams import load_streams
if sys.argv[3]:
    import aioric.function.responses
load_streams(sys.argv[2])
print(*sorted(sys.modules))
"""


def loaded(how: str, *, responses: bool = False) -> set[str]:
    """Which of the streams' modules a process has when streams are loaded for a kind of handler."""
    command = [sys.executable, "-c", LOAD, str(RUNTIME), how, "1" if responses else ""]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    found = {SHARED, BLOCKING, EVENTLOOP}.intersection(told)
    return found - {BLOCKING} if EVENTLOOP in found else found  # of which the loop's makes use


@pytest.mark.parametrize("how", [SYNC, ASYNC])
def test_nothing_is_loaded_for_a_function_that_does_not_look_like_a_stream(how: str) -> None:
    """It may stream all the same, and its first stream waits."""
    assert loaded(how) == set()


@pytest.mark.parametrize(("how", "driver"), [(GENERATOR, BLOCKING), (ASYNC_GENERATOR, EVENTLOOP)])
def test_a_generator_is_a_stream(how: str, driver: str) -> None:
    """What its driver needs is there before the first event."""
    assert loaded(how) == {SHARED, driver}


@pytest.mark.parametrize(("how", "driver"), [(SYNC, BLOCKING), (ASYNC, EVENTLOOP)])
def test_who_has_imported_a_streaming_response_will_return_one(how: str, driver: str) -> None:
    """So that is a stream too."""
    assert loaded(how, responses=True) == {SHARED, driver}
