"""All benchmarks by one word, and what is left of them when it is interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE = 20.0  # seconds, for what must happen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_running(tmp_path: Path, number: signal.Signals) -> None:
    """A signal to the first process alone ends the one that measures, and those that are measured."""
    command = [sys.executable, "-m", "bench", "--quick", "--only", "memory", "--output", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as bench:
        family = psutil.Process(bench.pid)
        deadline = time.monotonic() + PATIENCE
        while len(children := family.children(recursive=True)) < 3:  # it measures: a server, a runtime
            assert bench.poll() is None
            assert time.monotonic() < deadline
        bench.send_signal(number)
        assert bench.wait(PATIENCE) != 0
        assert psutil.wait_procs(children, timeout=1)[1] == []  # what it measures takes longer
