"""The guardian: what it kills when its emulator is gone, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from aioric_emulator import guardian
from aioric_emulator.guardian import Guardian, guard
from tests.emulator.polling import is_alive, until

if TYPE_CHECKING:
    from pathlib import Path


def sleeper() -> subprocess.Popen[bytes]:
    """Start a process in a group of its own."""
    return subprocess.Popen(["sleep", "600"], start_new_session=True)


def leavers() -> tuple[subprocess.Popen[str], list[int]]:
    """Start a process in a group of its own, with a child and a grandchild in sessions of theirs."""
    leave = (
        "import subprocess; child = subprocess.Popen([{}], start_new_session=True); "
        "print(child.pid, flush=True); child.wait()"
    )
    inner = leave.format("'sleep', '600'")
    command = [sys.executable, "-c", leave.format(f"{sys.executable!r}, '-c', {inner!r}")]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, [int(process.stdout.readline()) for _ in range(2)]


async def test_what_is_watched_is_killed_and_what_ended_is_not() -> None:
    """Each group by its number, also where one number is within another."""
    watched, forgotten, other = sleeper(), sleeper(), sleeper()
    async with guard() as watcher:
        watcher.watch(int(f"{watched.pid}9"))
        for process in (watched, forgotten, other):
            watcher.watch(process.pid)
        watcher.forget(forgotten.pid)
        watcher.forget(int(f"{watched.pid}9"))
    await until(lambda: watched.poll() is not None and other.poll() is not None)
    assert forgotten.poll() is None
    forgotten.kill()
    for process in (watched, forgotten, other):
        process.wait()


async def test_who_has_left_the_group_is_killed_too() -> None:
    """A child in a session of its own, and its child: nothing that a function starts survives."""
    process, strays = leavers()
    async with guard() as watcher:
        watcher.watch(process.pid)
    await until(lambda: not any(is_alive(each) for each in strays))
    assert process.communicate()[0] == ""
    assert process.returncode == -9


async def test_it_ends_with_its_emulator() -> None:
    """And not with a signal from the terminal."""
    async with guard():
        children = psutil.Process().children()
        watcher = next(child for child in children if child.name() == "sh")
        watcher.terminate()
        watcher.send_signal(2)
        assert watcher.is_running()
    assert not watcher.is_running()


def test_one_that_is_gone_cannot_be_told() -> None:
    """That is no error: runtimes are ended by the emulator itself, as a rule."""
    reader, writer = os.pipe()
    os.close(reader)
    Guardian(writer).watch(1)
    os.close(writer)


async def test_without_a_shell_there_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And no descriptor is left open."""
    monkeypatch.setattr(guardian, "SHELL", str(tmp_path / "none"))
    before = psutil.Process().num_fds()
    with pytest.raises(FileNotFoundError):
        async with guard():
            pass
    assert psutil.Process().num_fds() == before
