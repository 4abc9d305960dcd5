"""The parent of worker processes in rare moments, within this process; the rest is in tests/e2e."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NoReturn

import pytest

from aioric.drivers.workers import MAX_LOSSES, REMINDER, Pool, Slot
from tests.lifecycle.journals import Lines, journal

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A parent without workers, which leaves this process its signals."""
    pool = Pool(journal(Lines()))
    yield pool
    pool._signals.restore()  # noqa: SLF001 - as at the end of its watch


def test_a_fork_that_fails_is_told_of(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the kernel has no room for a worker, the slot counts as lost and waits for its next turn."""

    def refuse() -> NoReturn:
        raise BlockingIOError(errno.EAGAIN, "no room")

    slot = Slot(1)
    monkeypatch.setattr(os, "fork", refuse)

    assert pool.start(slot) is None
    assert slot.losses == MAX_LOSSES
    assert slot.due > slot.began
    assert f"A worker process cannot be started: [Errno {errno.EAGAIN}] no room" in caplog.text


def test_another_signal_is_not_passed_on(pool: Pool) -> None:
    """A signal for which the function has a handler wakes the parent, which goes on to wait."""
    heard: list[int] = []
    previous = signal.signal(signal.SIGUSR1, lambda number, _frame: heard.append(number))
    try:
        signal.raise_signal(signal.SIGUSR1)
        pool._wait()  # noqa: SLF001 - one turn of `watch`
    finally:
        signal.signal(signal.SIGUSR1, previous)

    assert heard == [signal.SIGUSR1]
    assert not pool._signals.terminated  # noqa: SLF001 - what was not heard


def test_a_worker_that_is_gone_already_is_in_nobodys_way(pool: Pool) -> None:
    """SIGTERM for one that has ended, and of whose end somebody else was told, is no failure."""
    child = subprocess.Popen([sys.executable, "-S", "-c", ""], env={})
    slot = Slot(1)
    slot.worker = child.pid
    pool._ends[os.pidfd_open(child.pid)] = slot  # noqa: SLF001 - as if it had been forked
    child.wait()
    signal.raise_signal(signal.SIGTERM)
    pool._wait()  # noqa: SLF001 - one turn of `watch`

    assert slot.worker == 0
    assert pool.status == 0
    assert not pool._ends  # noqa: SLF001 - nothing is left to wait for


def test_a_worker_that_a_nameless_signal_has_ended_is_told_of(
    pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    """Real-time signals have numbers only, and the parent survives them."""
    child = subprocess.Popen([sys.executable, "-c", "import os; os.kill(os.getpid(), 40)"])
    descriptor = os.pidfd_open(child.pid)
    slot = Slot(1)
    slot.worker = child.pid
    pool._ends[descriptor] = slot  # noqa: SLF001 - as `start` does for a process that it has forked
    pool._wait()  # noqa: SLF001 - what `watch` does at its turns
    child.returncode = -40  # the pool has waited for it

    assert f"Worker process {child.pid} was ended by signal 40" in caplog.text


DEAF = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("ready", flush=True)
for _ in range(2):
    signal.sigwait([signal.SIGTERM])
    print("told", flush=True)
"""


def test_a_worker_that_has_missed_the_signal_is_told_once_more(pool: Pool) -> None:
    """Once, a moment later: SIGTERM may come when a process is about to wait, and does not end that wait."""
    with subprocess.Popen([sys.executable, "-S", "-c", DEAF], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        slot = Slot(1)
        slot.worker = child.pid
        pool._ends[os.pidfd_open(child.pid)] = slot  # noqa: SLF001 - as if it had been forked
        signal.raise_signal(signal.SIGTERM)
        began = time.monotonic()
        pool._wait()  # noqa: SLF001 - the turn of `watch` that hears of it
        assert child.stdout.readline() == b"told\n"  # two signals that nobody has taken yet would be one
        while pool._ends:  # noqa: SLF001 - until nobody is left
            pool._wait()  # noqa: SLF001 - one turn of `watch`
        child.returncode = 0  # the pool has waited for it

    assert time.monotonic() - began >= REMINDER
    assert pool.status == 0
    assert pool._patience() is None  # noqa: SLF001 - there is no third time


def test_a_parent_waits_until_the_next_worker_is_due(pool: Pool) -> None:
    """With nobody to wait for, it wakes when the pause of an empty slot is over."""
    slot = Slot(1)
    slot.due = time.monotonic() + 0.05
    pool._slots.append(slot)  # noqa: SLF001 - as if its worker had been lost
    pool._wait()  # noqa: SLF001 - one turn of `watch`

    assert time.monotonic() >= slot.due - 0.001  # `poll` counts in milliseconds
