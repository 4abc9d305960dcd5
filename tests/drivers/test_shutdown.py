"""How long a shutdown may take, and what it does with a signal."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from aioric.drivers import shutdown
from aioric.drivers.shutdown import Shutdown, budget
from tests.lifecycle.journals import config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_disposition() -> Iterator[None]:
    former = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, former)


def test_the_budget_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It depends on who else is there, on Managed Instances, and on the user."""
    monkeypatch.setattr(shutdown, "EXTERNAL_EXTENSIONS", str(tmp_path))
    assert budget(config()) == 0.5
    (tmp_path / "agent").touch()
    assert budget(config()) == 0.3
    monkeypatch.setattr(shutdown, "EXTERNAL_EXTENSIONS", str(tmp_path / "none"))
    assert budget(config()) == 0.5
    assert budget(config(AWS_LAMBDA_MAX_CONCURRENCY="2")) == 0.6
    assert budget(config(AIORIC_SHUTDOWN_MS="1234")) == 1.234


def test_a_signal_that_came_early_is_not_forgotten() -> None:
    """SIGTERM before there is a driver makes the driver leave at once; a second one changes nothing."""
    ending, told = Shutdown(1e6), []  # its thread would end this process
    ending.await_signal()
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert ending.asked
    ending.serve(lambda: told.append("leave"), lambda: told.append("interrupt"))

    assert told == ["leave"]
    assert 0 < ending.patience < ending.left <= 1e6


def test_without_a_signal_there_is_all_the_time() -> None:
    """The end of a process that nobody announced may take as long as an announced one."""
    ending = Shutdown(2.0)
    ending.serve(list, list)

    assert not ending.asked
    assert 1.5 < ending.left <= 2.0
