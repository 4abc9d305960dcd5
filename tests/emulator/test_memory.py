"""The memory of a process tree, on real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aioric_emulator import memory
from aioric_emulator.memory import MemoryGauge
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

MIB = 2**20
GREEDY = "import sys; held = b'x' * {size}; {more}; print('ready', flush=True); sys.stdin.read()"


@contextmanager
def greedy(size: int, more: str = "pass") -> Iterator[int]:
    """Give the process id of a process that holds memory, once it does."""
    command = [sys.executable, "-c", GREEDY.format(size=size, more=more)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid


def test_a_peak_is_kept() -> None:
    """Also what was given back before anybody looked."""
    with greedy(60 * MIB, "del held") as pid:
        gauge = MemoryGauge(pid)
        assert 60 * MIB < gauge.peak() < 90 * MIB
        gauge.close()
        gauge.close()


async def test_children_count() -> None:
    """With what they have to themselves, and their children too."""
    child = "held = b'x' * (40 * 2**20); input()"
    grandchild = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    more = f"import subprocess; subprocess.Popen([sys.executable, '-c', {grandchild!r}])"
    with greedy(1, more) as pid:
        gauge = MemoryGauge(pid)

        def has_grown() -> bool:
            gauge.sample()
            return gauge.peak() > 40 * MIB

        await until(has_grown)
        gauge.close()


def test_a_process_that_is_gone_has_none() -> None:
    """No error, and what was seen before is kept."""
    with greedy(30 * MIB) as pid:
        gauge = MemoryGauge(pid)
        seen = gauge.peak()
    gauge.sample()
    assert gauge.peak() == seen
    gauge.close()
    gone = MemoryGauge(pid)
    gone.sample()
    assert gone.peak() == 0


def test_without_proc_psutil_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The resident size of the tree."""
    monkeypatch.setattr(memory, "PROC", tmp_path)
    with greedy(50 * MIB) as pid:
        gauge = MemoryGauge(pid)
        assert gauge.peak() == 0
        gauge.sample()
        assert 50 * MIB < gauge.peak() < 90 * MIB
    assert memory.proportional_size(os.getpid()) == 0


def test_a_kernel_that_tells_no_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is made up."""
    monkeypatch.setattr(memory, "PROC", tmp_path)
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "smaps_rollup").write_text("")
    assert memory.proportional_size(7) == 0
