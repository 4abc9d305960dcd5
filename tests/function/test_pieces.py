"""How the pieces of a stream end, when their source can do less than a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aioric.errors import PeerGone
from aioric.function.pieces import AsyncPieces, Pieces
from aioric.messages import Failed

if TYPE_CHECKING:
    from collections.abc import Iterator


class Failures:
    """What went wrong."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def fail(self, error: BaseException) -> Failed:
        """Describe it."""
        self.errors.append(error)
        return Failed(str(error).encode(), type(error).__name__)


class Countdown:
    """An asynchronous iterator that is no generator: it can neither be told nor closed."""

    def __init__(self) -> None:
        self.left = 2

    def __aiter__(self) -> Countdown:
        return self

    async def __anext__(self) -> bytes:
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return b"%d" % self.left


class Sticky(Countdown):
    """One that cannot be closed in peace."""

    async def aclose(self) -> None:
        """Fail."""
        raise OSError("cannot close")


async def poured(pieces: AsyncPieces) -> tuple[list[bytes], Failed | None]:
    """The pieces, for a peer that always has room."""
    written: list[bytes] = []

    async def nothing() -> None:
        """Be ready."""

    def write(piece: bytes) -> bool:
        written.append(piece)
        return True

    failure = await pieces.pour(nothing, write, nothing)
    return written, failure


def test_a_plain_iterator_need_not_be_told() -> None:
    """One without a `throw` and a `close` is just left."""
    failures = Failures()
    Pieces(iter([b"a", b"b"]), failures.fail).stop(PeerGone("gone"))
    assert failures.errors == []


def test_a_generator_may_end_when_it_is_told() -> None:
    """One that returns in answer to the error has not failed."""
    failures = Failures()

    def numbers() -> Iterator[bytes]:
        try:
            yield b"a"
        except PeerGone:
            return

    source = numbers()
    next(source)
    Pieces(source, failures.fail).stop(PeerGone("gone"))
    assert failures.errors == []


async def test_an_asynchronous_iterator_need_not_be_told() -> None:
    """It may have neither `athrow` nor `aclose`, when it is stopped and at its end."""
    failures = Failures()
    pieces = AsyncPieces(Countdown(), failures.fail)
    await pieces.stop(PeerGone("gone"))
    assert await poured(pieces) == ([b"1", b"0"], None)
    assert failures.errors == []


async def test_a_failing_close_is_a_failure() -> None:
    """What `aclose` raises after the last piece is told like any failure."""
    failures = Failures()
    written, failure = await poured(AsyncPieces(Sticky(), failures.fail))
    assert written == [b"1", b"0"]
    assert failure is not None
    assert (failure.body, failure.error_type) == (b"cannot close", "OSError")
