"""Worker processes on Managed Instances: a parent forks them, replaces what dies, and never serves.

Either the function is imported once and all workers are forked from there, so that they share its
memory, or each worker imports it for itself. `run` and `run_apart` return twice, as `fork` does: a
worker leaves `startup` by the same way as a process that was never forked.
"""

from __future__ import annotations

import gc
import os
import select
import time

from aioric.drivers.forking import arrive
from aioric.function.aside import import_stdlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from types import FrameType

    from aioric.logs.setup import Journal

    Tell = Callable[[list[int]], None]
else:
    import _signal  # what `signal` wraps; the wrapper asks `enum`, which writes to much of a worker's memory

DEBUG = 10  # as in `logging`, which a function may never import
WARNING = 30
ERROR = 40

# A worker that ends with this status says that it cannot serve: the platform refuses it, or its
# import failed. Another one would hardly do better, so it is not tried at once.
CANNOT_SERVE = 1

SETTLED_SECONDS = 1.0  # a worker that lived for longer had begun well
# So many losses in a row in every slot, and no worker left, are the end. As often as the official
# client's worker tries a poll.
MAX_LOSSES = 5
MAX_PAUSE = 10.0  # seconds
PAUSE = 0.1  # seconds before the second new try; then twice that, and so on

# Seconds after which workers that have not ended are told once more to do so. A signal that comes between the
# last look of a process at its signals and the system call in which it waits does not end that wait. The
# platform leaves 0.6 seconds for everything.
REMINDER = 0.05


def run(shares: list[int], serve: Callable[[int], int], journal: Journal) -> int:
    """Fork one worker per share, to call `serve` with it. The function must have been imported.

    Args:
        shares: How many invocations at once each worker takes.
        serve: Serves until the process shall end; returns its exit status.
        journal: Hears of lost workers.

    Returns the exit status of this process; in a worker, that of `serve`.
    """
    gc.freeze()  # what is frozen is not touched by the collector, and stays shared
    pool = Pool(journal)
    return _serve(pool, pool.watch(shares), serve)


def run_apart(first: Callable[[Tell], int], serve: Callable[[int], int], journal: Journal) -> int:
    """Fork a worker that imports the function, then the others, which import it too.

    One goes ahead, since only the import tells how many there have to be; and if it fails, the
    platform is told once.

    Args:
        first: What the first one calls. It imports, calls its argument with all shares, and serves
            the first of them.
        serve: What all others, and the first one's successors, call with their share.
        journal: Hears of lost workers.
    """
    hearing, telling = os.pipe()
    pool = Pool(journal)
    slot = pool.start(Slot(0))
    if slot is not None:  # pragma: no cover - older than the fork; held by tests/e2e/test_workers.py
        os.close(hearing)

        def tell(shares: list[int]) -> None:
            os.write(telling, ",".join(map(str, shares)).encode())
            os.close(telling)

        return _serve(pool, slot, lambda _: first(tell))
    os.close(telling)
    shares = os.read(hearing, 65536)  # some bytes for each worker; nothing if it has ended
    os.close(hearing)
    return _serve(pool, pool.watch([int(share) for share in shares.split(b",")] if shares else []), serve)


def _serve(pool: Pool, slot: Slot | None, serve: Callable[[int], int]) -> int:
    if slot is None:
        return pool.status
    arrive()
    return serve(slot.share)


class Slot:
    """A place for a worker.

    Attributes:
        share: How many invocations at once it takes.
        worker: Its process id; 0 while there is none.
        began: When it was started, by the monotonic clock.
        due: When to start the next one, if there is none.
        losses: How many in a row did not get far.
    """

    __slots__ = ("began", "due", "losses", "share", "worker")

    def __init__(self, share: int) -> None:
        self.share = share
        self.worker = 0
        self.began = self.due = 0.0
        self.losses = 0

    def lost(self, status: int, now: float) -> None:
        """Its worker has ended; decide when the next one starts: the first time at once."""
        self.worker = 0
        self.losses = self.losses + 1 if now - self.began < SETTLED_SECONDS else 1
        if status == CANNOT_SERVE:
            self.losses = max(self.losses, MAX_LOSSES)
        self.due = now + (min(PAUSE * 2 ** (self.losses - 2), MAX_PAUSE) if self.losses > 1 else 0)


class Pool:
    """The workers, seen from their parent.

    Args:
        journal: Hears of lost workers.

    Attributes:
        status: The exit status for the parent: that of the first worker that failed, else 0.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._slots: list[Slot] = []
        self._ends: dict[int, Slot] = {}  # by a descriptor that becomes readable when the worker ends
        self._signals = Signals()
        self._reminder = float("inf")  # when to tell them once more, by the monotonic clock
        self.status = 0

    def start(self, slot: Slot) -> Slot | None:
        """Fork a worker for the slot. Returns `None` in the parent, and the slot in the worker."""
        if slot not in self._slots:
            self._slots.append(slot)
        slot.began = time.monotonic()
        try:
            slot.worker = os.fork()
        except OSError as error:  # no memory, or too many processes: there may be room later
            slot.lost(CANNOT_SERVE, slot.began)
            self._journal.note(ERROR, f"A worker process cannot be started: {error}")
            return None
        if slot.worker == 0:  # pragma: no cover - older than the fork; held by tests/e2e/test_workers.py
            for descriptor in self._ends:
                os.close(descriptor)
            self._signals.restore()
            if self._signals.terminated:  # while it still was the parent's way to be told
                os.kill(os.getpid(), _signal.SIGTERM)
            return slot
        self._ends[os.pidfd_open(slot.worker)] = slot
        return None

    def watch(self, shares: list[int]) -> Slot | None:
        """Keep a worker in every slot, until SIGTERM or until none can serve.

        Returns `None` when it is over, and in a worker its slot.
        """
        for slot, share in zip(self._slots, shares, strict=False):
            slot.share = share
        self._slots += [Slot(share) for share in shares[len(self._slots) :]]
        self._journal.note(DEBUG, f"worker processes: {len(shares)}, invocations at once in each: {shares}")
        while self._is_needed():
            if not self._signals.terminated:
                now = time.monotonic()
                for slot in self._slots:
                    if not slot.worker and slot.due <= now and self.start(slot) is not None:
                        return slot  # pragma: no cover - likewise in a worker
            self._wait()
        self._signals.restore()
        return None

    def _is_needed(self) -> bool:
        if self._ends:
            return True
        return not self._signals.terminated and any(slot.losses < MAX_LOSSES for slot in self._slots)

    def _wait(self) -> None:
        """Wait for the end of a worker, a signal, or the moment to start one."""
        waiting = select.poll()
        for descriptor in (self._signals.descriptor, *self._ends):
            waiting.register(descriptor, select.POLLIN)
        for descriptor, _ in waiting.poll(self._patience()):
            if descriptor == self._signals.descriptor:
                self._signals.heard()
                if self._signals.terminated:
                    self._reminder = time.monotonic() + REMINDER
                    self._pass_on()
            else:
                self._bury(descriptor)
        if self._reminder <= time.monotonic():
            self._reminder = float("inf")
            self._pass_on()

    def _patience(self) -> float | None:
        """Milliseconds until a slot is due, or a reminder; `None` if there is nothing to be done."""
        due = [slot.due for slot in self._slots if not slot.worker and not self._signals.terminated]
        soonest = min([*due, self._reminder])
        return None if soonest == float("inf") else max(0.0, soonest - time.monotonic()) * 1000

    def _pass_on(self) -> None:
        """SIGTERM for the parent is for the workers. A whole group's reaches them twice."""
        for descriptor in self._ends:
            try:
                _signal.pidfd_send_signal(descriptor, _signal.SIGTERM)
            except ProcessLookupError:  # it has just ended
                continue

    def _bury(self, descriptor: int) -> None:
        slot = self._ends.pop(descriptor)
        os.close(descriptor)
        worker = slot.worker
        try:
            status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
        except ChildProcessError:  # the function has told the kernel, by SIGCHLD, to forget its children
            status = 0
        slot.lost(status, time.monotonic())
        if self._signals.terminated:
            status = 0 if status == -_signal.SIGTERM else status
        else:
            ending = f"was ended by {_name_of(-status)}" if status < 0 else f"ended with {status}"
            self._journal.note(
                WARNING,
                f"Worker process {worker} {ending} and takes {slot.share} invocations at once with it; "
                f"the next one starts in {max(0.0, slot.due - time.monotonic()):.1f} s",
            )
        self.status = self.status or min(abs(status), 1)


def _name_of(number: int) -> str:
    try:
        return str(import_stdlib("signal").Signals(number).name)
    except ValueError:  # most real-time signals have no name
        return f"signal {number}"


class Signals:
    """SIGTERM, heard by a process that waits in `poll`, whichever thread the kernel gives it to.

    Attributes:
        descriptor: Becomes readable with a signal.
        terminated: Whether SIGTERM has arrived.
    """

    def __init__(self) -> None:
        self.terminated = False
        self.descriptor, self._wakeup = os.pipe()
        for end in (self.descriptor, self._wakeup):
            os.set_blocking(end, False)
        self._previous_wakeup = _signal.set_wakeup_fd(self._wakeup, warn_on_full_buffer=False)
        self._previous = _signal.signal(_signal.SIGTERM, self._terminate)

    def _terminate(self, _number: int, _frame: FrameType | None) -> None:
        self.terminated = True

    def heard(self) -> None:
        """Make the descriptor wait for the next signal."""
        os.read(self.descriptor, 4096)

    def restore(self) -> None:
        """Leave signals as they were found: what follows is a worker's business, or nobody's."""
        _signal.set_wakeup_fd(self._previous_wakeup)
        _signal.signal(_signal.SIGTERM, self._previous or _signal.SIG_DFL)
        os.close(self.descriptor)
        os.close(self._wakeup)
