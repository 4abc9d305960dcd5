"""A plain iterator as an asynchronous one: it runs in a thread, since it may block."""

from __future__ import annotations

import asyncio
import os
from _thread import allocate_lock, start_new_thread
from collections import deque
from contextvars import copy_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# What may be made ahead of the peer: enough to fill a write, little enough to hold.
AHEAD_BYTES = 64 * 1024
AHEAD_PIECES = 64


class Threaded:
    """An iterator in a thread and a context of its own, for one task to await.

    Args:
        source: The iterator. It is advanced, told of an error and closed in the thread only.

    Attributes:
        joined: How many pieces were given together with another one.
    """

    __slots__ = (
        "_end",
        "_ended",
        "_lock",
        "_loop",
        "_ready",
        "_reason",
        "_room",
        "_size",
        "_source",
        "_started",
        "_stopped",
        "_waiter",
        "joined",
    )

    def __init__(self, source: Iterator[Any]) -> None:
        self._source = source
        self._loop = asyncio.get_running_loop()
        self._lock = allocate_lock()  # around all that both sides touch
        self.joined = 0
        self._ready: deque[Any] = deque()
        self._size = 0
        self._room = allocate_lock()  # held while the thread has to wait
        self._waiter: asyncio.Future[None] | None = None
        self._started = False
        self._ended = False
        self._end: BaseException | None = None
        self._stopped = False
        self._reason: BaseException | None = None

    def __aiter__(self) -> Threaded:
        return self

    async def __anext__(self) -> Any:
        if not self._started:
            self._started = True
            start_new_thread(copy_context().run, (self._run,))
        while True:
            with self._lock:
                if self._ready:
                    return self._take()
                if self._ended:
                    end, self._end = self._end, None
                    raise end or StopAsyncIteration
                self._waiter = self._loop.create_future()
            await self._waiter

    async def athrow(self, reason: BaseException) -> Any:
        """Raise an error where the iterator stands, and wait until it has ended."""
        self._reason = reason
        await self.aclose()
        with self._lock:
            end, self._end = self._end, None
        raise end or StopAsyncIteration

    async def aclose(self) -> None:
        """End the iterator where it stands, and wait until it has."""
        with self._lock:
            self._stopped = True
            self._ready.clear()
            self._size = 0
            self._let_go()
        if not self._started:
            self._ended = True
            self._close()
        while True:
            with self._lock:
                if self._ended:
                    return
                waiter = self._waiter = self._loop.create_future()
            await waiter

    def _take(self) -> Any:
        """What is ready: bytes together, since they travel together."""
        piece = self._ready.popleft()
        if type(piece) is bytes and self._ready:
            pieces = [piece]
            while self._ready and type(self._ready[0]) is bytes:
                pieces.append(self._ready.popleft())
            self.joined += len(pieces) - 1
            piece = b"".join(pieces)
        if not self._ready:
            self._size = 0
            self._let_go()
        return piece

    def _let_go(self) -> None:
        if self._room.locked():
            self._room.release()

    # In the thread

    def _run(self) -> None:  # pragma: no cover - raw thread; held by test_threaded.py
        process = os.getpid()
        try:
            for piece in self._source:
                if os.getpid() != process:  # forked by the source, and nobody waits for its pieces there
                    break
                self._offer(piece)
                if self._stopped:
                    self._tell()
                    break
        except BaseException as error:  # noqa: BLE001 - raised where it is awaited
            self._end = error
        try:
            self._close()
        except BaseException as error:  # noqa: BLE001 - likewise
            self._end = self._end or error
        if os.getpid() != process:  # the end of its only thread is its own; the lock may be held for ever
            if self._end is not None:
                raise self._end  # the interpreter tells the log
            return
        with self._lock:
            self._ended = True
            self._wake()

    def _offer(self, piece: Any) -> None:  # pragma: no cover - raw thread; held by test_threaded.py
        with self._lock:
            if self._stopped:
                return
            self._ready.append(piece)
            self._size += len(piece) if isinstance(piece, str | bytes) else 1
            full = self._size > AHEAD_BYTES or len(self._ready) > AHEAD_PIECES
            if full:
                self._room.acquire(blocking=False)
            self._wake()
        if full:
            self._room.acquire()
            # Who lets go at this very moment finds it held, too: one of the two may release it.
            with self._lock:
                self._let_go()

    def _tell(self) -> None:  # pragma: no cover - raw thread; held by test_threaded.py
        throw = getattr(self._source, "throw", None)
        if self._reason is not None and throw is not None:
            throw(self._reason)

    def _close(self) -> None:
        close = getattr(self._source, "close", None)
        if close is not None:
            close()

    def _wake(self) -> None:  # pragma: no cover - raw thread; held by test_threaded.py
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            self._loop.call_soon_threadsafe(_set, waiter)


def _set(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
