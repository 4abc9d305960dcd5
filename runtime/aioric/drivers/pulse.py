"""A comment whenever a stream was silent for too long, while the thread that makes it is busy."""

from __future__ import annotations

from _thread import allocate_lock, start_new_thread
from time import time

from aioric.errors import ConnectionLost, PeerGone, StreamCut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Pulse:
    """Sends a comment whenever nothing else was sent for so long, from a thread of its own.

    Args:
        send: Sends the comment.
        interval: In seconds.
        comment: To send.

    Attributes:
        last: When something was sent, in seconds since the epoch.
    """

    __slots__ = ("_ended", "_stop", "last")

    def __init__(self, send: Callable[[bytes], None], interval: float, comment: bytes) -> None:
        self.last = time()
        self._ended = False
        self._stop = allocate_lock()
        self._stop.acquire()
        start_new_thread(self._beat, (send, interval, comment))

    def end(self) -> None:
        """Send no more."""
        self._ended = True
        self._stop.release()

    def _beat(self, send: Callable[[bytes], None], interval: float, comment: bytes) -> None:
        pause = interval
        while not self._stop.acquire(timeout=max(pause, 0.0)):
            pause = self.last + interval - time()
            if pause <= 0 and not self._ended:
                try:
                    send(comment)
                except (PeerGone, StreamCut, ConnectionLost):
                    return  # the next piece finds out too
                pause = interval
