"""When the pieces of a burst are held, and the thread that sends those that are held for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aioric.drivers import bursts
from aioric.drivers.bursts import ENOUGH, RUN, Burst

if TYPE_CHECKING:
    from collections.abc import Callable

    Life = tuple[Callable[..., None], tuple[Any, ...]]


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> list[Life]:
    """The threads that would be started; the test lives their lives, on its own thread."""
    begun: list[Life] = []
    monkeypatch.setattr(bursts, "start_new_thread", lambda *life: begun.append(life))
    return begun


def lasting(sent: list[bytes]) -> Burst:
    """A burst of which the pieces are held from now on."""
    burst = Burst(lambda: sent.append(burst.take()))
    assert not any(burst.holds(b"early", 1.0) for _ in range(RUN + 1))
    return burst


def test_what_is_held_for_too_long_is_sent(lives: list[Life]) -> None:
    """One thread sends it, all at once and in order, and ends when nothing more comes."""
    sent: list[bytes] = []
    burst = lasting(sent)
    assert all(burst.holds(piece, 1.0) for piece in (b"one", b"two"))
    [(live, arguments)] = lives
    live(*arguments)
    assert sent == [b"onetwo"]
    assert burst.take() == b""


def test_after_its_thread_has_ended_a_burst_has_another(lives: list[Life]) -> None:
    """Nothing is held without a thread that looks after it."""
    sent: list[bytes] = []
    burst = lasting(sent)
    for number, piece in enumerate((b"one", b"two")):
        assert burst.holds(piece, 1.0)
        live, arguments = lives[number]
        live(*arguments)
    assert sent == [b"one", b"two"]


def test_a_burst_that_has_ended_is_left_alone(lives: list[Life]) -> None:
    """What is held at the end leaves with the end, which is not the thread's business."""
    sent: list[bytes] = []
    burst = lasting(sent)
    assert burst.holds(b"last", 1.0)
    burst.end()
    [(live, arguments)] = lives
    live(*arguments)
    assert sent == []
    assert burst.take() == b"last"


@pytest.mark.parametrize(("piece", "now"), [(b"late", 2.0), (b"x" * ENOUGH, 1.0)], ids=["late", "large"])
def test_what_is_late_or_large_is_not_held(lives: list[Life], piece: bytes, now: float) -> None:
    """It is sent at once, with what was held before it."""
    burst = lasting([])
    assert burst.holds(b"held", 1.0)
    assert not burst.holds(piece, now)
    assert burst.take() == b"held"
    assert len(lives) == 1
