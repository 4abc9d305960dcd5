"""An end for what runs on the main thread."""

from __future__ import annotations

import threading
import time

import pytest

from aioric.drivers.interruption import FOREVER, Interruption
from aioric.errors import Interrupted


def test_what_takes_too_long_is_interrupted() -> None:
    """A blocking call is cut when its time is over."""
    interruption = Interruption()
    begun = time.monotonic()
    with pytest.raises(Interrupted, match="the time is over"):
        interruption.bounded(lambda: time.sleep(20), 0.05)

    assert time.monotonic() - begun < 10


def test_what_is_in_time_returns() -> None:
    """A call's result is returned, with a limit and without one."""
    interruption = Interruption()

    assert interruption.bounded(lambda: 1, 5) == 1
    assert interruption.bounded(lambda: 2, FOREVER + 1) == 2


def test_nothing_is_raised_where_nobody_waits_for_it() -> None:
    """Outside of a bounded call the signal does nothing."""
    interruption = Interruption()
    thread = threading.Thread(target=interruption.interrupt, args=("for nobody",))
    thread.start()
    thread.join()

    assert interruption.bounded(lambda: 3, 5) == 3


def test_on_another_thread_there_is_no_limit() -> None:
    """A thread that is not the main one cannot be interrupted, and is left alone."""
    results: list[object] = []

    def run() -> None:
        results.append(Interruption().bounded(lambda: 4, 0.001))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert results == [4]
