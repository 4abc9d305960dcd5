"""Pieces that are made in quick succession, held for a moment so that they leave in one write.

Nobody knows how long the next piece takes before it is there. So the first pieces of a burst leave one by
one, and those of a burst that lasts are held only until the next one comes late, enough are together, the
event loop is free, or a millisecond has passed: the last is a thread's business, since the one that makes
the pieces may be in the middle of anything.
"""

from __future__ import annotations

from _collections import deque  # type: ignore[import-not-found]  # typeshed only knows collections
from _thread import allocate_lock, start_new_thread
from time import sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Pieces that are less than so far apart follow quickly; in seconds. A write takes a few microseconds.
QUICK = 0.0001
# How many have to, before any is held: short answers never wait.
RUN = 8
# How many bytes are enough for a write.
ENOUGH = 64 * 1024
# How long, in seconds, until the thread looks; what it sees twice, it sends.
TICK = 0.0005
# After how many looks without anything held the thread ends.
RESTS = 20


class Burst:
    """The pieces of one stream that are held.

    Args:
        flush: Sends what is held, without waiting, as far as there is room. Called under the lock.

    Attributes:
        lock: To be had while anything is sent.
    """

    __slots__ = ("_ended", "_flush", "_flushes", "_held", "_last", "_run", "_size", "_watched", "lock")

    def __init__(self, flush: Callable[[], object]) -> None:
        self._flush = flush
        self.lock = allocate_lock()
        self._held: deque[bytes] = deque()
        self._size = 0
        self._last = 0.0
        self._run = 0
        self._flushes = 0
        self._watched = False
        self._ended = False

    def holds(self, piece: bytes, now: float) -> bool:
        """Whether a piece that comes now is held; if not, what is held has to be sent with it."""
        if now - self._last < QUICK:
            self._last = now
            size = self._size + len(piece)
            if self._run >= RUN and size < ENOUGH:  # a large piece is sent as it is, not copied
                self._size = size
                self._held.append(piece)  # in one step, so it needs no lock
                if not self._watched:
                    self._watched = True
                    start_new_thread(self._watch, ())
                return True
            self._run += 1
        else:
            self._last = now
            self._run = 0
        return False

    def take(self) -> bytes:
        """What is held. Under the lock."""
        self._flushes += 1
        self._size = 0
        held = self._held
        if not held:
            return b""
        return b"".join([held.popleft() for _ in range(len(held))])

    def end(self) -> None:
        """Hold no more; the thread, if there is one, ends. Under the lock."""
        self._ended = True

    def _watch(self) -> None:
        """Send what is held for too long, until there was nothing for a while: a thread's life."""
        seen, rests = -1, 0
        while True:
            sleep(TICK)
            with self.lock:
                rests = 0 if self._held else rests + 1
                if self._held and seen == self._flushes and not self._ended:
                    self._flush()
                seen = self._flushes
                if self._ended or rests == RESTS:
                    self._watched = False
                    return
