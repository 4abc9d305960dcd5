"""What a runtime inherits from the process that starts it."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from aioric_emulator.runtime_launch import inherited

if TYPE_CHECKING:
    from collections.abc import Iterator

READS = 1000
NAME = "AIORIC_TEST_OF_THE_MOMENT"


@pytest.fixture
def changing() -> Iterator[None]:
    """Have a thread set and delete a variable all the time, as pytest does between two tests."""
    over = threading.Event()

    def change() -> None:
        while not over.is_set():
            os.environ[NAME] = "set"
            del os.environ[NAME]

    interval, thread = sys.getswitchinterval(), threading.Thread(target=change)
    sys.setswitchinterval(1e-6)
    thread.start()
    yield
    over.set()
    thread.join()
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("changing")
def test_the_environment_may_change_meanwhile() -> None:
    """A variable that is deleted by another thread is there or not; everything else is."""
    path = os.environ["PATH"]
    for _ in range(READS):
        found = inherited()
        assert found.get(NAME, "set") == "set"
        assert found["PATH"] == path
