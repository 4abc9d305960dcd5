"""A plain iterator in a thread: what is given, what is told, and how it ends."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from aioric.function.threaded import AHEAD_PIECES, Threaded

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 10  # seconds


class Source:
    """An iterator that is given out in a thread, and knows how it ended."""

    def __init__(self, pieces: list[object]) -> None:
        self.left = list(pieces)
        self.closed = threading.Event()

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> object:
        if not self.left:
            raise StopIteration
        return self.left.pop(0)

    def close(self) -> None:
        """Be closed."""
        self.closed.set()


async def test_it_is_an_asynchronous_iterator() -> None:
    """What the iterator gives arrives in order, more of it than may wait, and the iterator is closed."""
    numbers: list[object] = list(range(3 * AHEAD_PIECES))
    source = Source(numbers)

    assert [number async for number in Threaded(source)] == numbers
    assert source.closed.is_set()


async def test_one_that_was_not_begun_is_only_closed() -> None:
    """It needs no thread for that, and gives nothing."""
    source = Source([b"never"])
    threaded = Threaded(source)
    await threaded.aclose()
    await threaded.aclose()
    await Threaded(iter([b"cannot be closed"])).aclose()

    assert (source.left, source.closed.is_set()) == ([b"never"], True)


async def test_an_error_is_raised_where_it_stands() -> None:
    """The iterator is told in its thread, and what it makes of that is raised here."""
    told: list[BaseException] = []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 100_000
        except KeyError as error:
            told.append(error)
            raise ValueError("could not clean up") from error

    threaded = Threaded(pieces())
    reason = KeyError("gone")
    await anext(threaded)
    with pytest.raises(ValueError, match="could not clean up"):
        await threaded.athrow(reason)
    assert told == [reason]


async def test_an_iterator_that_cannot_be_told_is_ended() -> None:
    """Without a `throw` the iterator just stops."""
    source = Source([b"x" * 100_000] * 100)
    threaded = Threaded(source)
    await anext(threaded)
    with pytest.raises(StopAsyncIteration):
        await threaded.athrow(KeyError("gone"))
    assert source.left
    assert source.closed.is_set()


class Overtaken:
    """A lock that the other side lets go of right after it was waited for."""

    def __init__(self, threaded: Threaded) -> None:
        self.threaded = threaded
        self.lock = threading.Lock()
        self.waited = 0

    def acquire(self, blocking: bool = True) -> bool:  # noqa: FBT001, FBT002 - as a lock has it
        taken = self.lock.acquire(blocking)
        if blocking:
            self.waited += 1
            with self.threaded._lock:  # noqa: SLF001 - as `aclose` and `__anext__` hold it
                self.threaded._let_go()  # noqa: SLF001 - what both of them do
        return taken

    def locked(self) -> bool:
        return self.lock.locked()

    def release(self) -> None:
        self.lock.release()


async def test_both_sides_let_go_at_once() -> None:
    """A piece is lost to nobody when the thread goes on while it is told to."""
    source = Source([b"x" * 100_000] * 5)
    threaded = Threaded(source)
    room = Overtaken(threaded)
    threaded._room = room  # type: ignore[assignment]  # noqa: SLF001 - no interpreter can be told to stop there
    received = b"".join([piece async for piece in threaded])

    assert len(received) == 500_000
    assert room.waited


async def test_nobody_waits_any_more_when_a_piece_is_there() -> None:
    """A wait that was cancelled loses nothing: the piece is there for who asks next."""
    asked, go_on, offered = threading.Event(), threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        asked.set()
        assert go_on.wait(PATIENCE)
        yield b"late"
        offered.set()

    threaded = Threaded(pieces())
    waiting = asyncio.ensure_future(anext(threaded))
    await asyncio.to_thread(asked.wait, PATIENCE)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    assert offered.wait(PATIENCE)
    await asyncio.sleep(0)  # the thread's word for the one that has left arrives now

    assert [piece async for piece in threaded] == [b"late"]


async def test_a_failure_to_close_is_raised() -> None:
    """What goes wrong in the iterator, or where it is closed, is raised at the end; the first of them."""

    class Broken(Source):
        def close(self) -> None:
            raise OSError("cannot close")

    threaded = Threaded(Broken([b"only"]))
    assert await anext(threaded) == b"only"
    with pytest.raises(OSError, match="cannot close"):
        await anext(threaded)
