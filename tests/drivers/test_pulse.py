"""Comments while a stream is silent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from aioric.drivers import pulse
from aioric.drivers.pulse import Pulse
from aioric.errors import ConnectionLost, PeerGone, StreamCut

if TYPE_CHECKING:
    from collections.abc import Callable

    Life = tuple[Callable[..., None], tuple[Any, ...]]


@pytest.fixture
def lives(monkeypatch: pytest.MonkeyPatch) -> list[Life]:
    """The threads that would be started; the test lives their lives, on its own thread."""
    begun: list[Life] = []
    monkeypatch.setattr(pulse, "start_new_thread", lambda *life: begun.append(life))
    return begun


def test_a_silent_stream_is_commented_until_the_end(lives: list[Life]) -> None:
    """After each interval, and not once more after the end."""
    sent: list[bytes] = []

    def send(comment: bytes) -> None:
        sent.append(comment)
        if len(sent) == 2:
            beats.end()

    beats = Pulse(send, 0.01, b": here\n")
    [(live, arguments)] = lives
    live(*arguments)
    assert sent == [b": here\n"] * 2


@pytest.mark.parametrize("error", [PeerGone, StreamCut, ConnectionLost])
def test_an_interval_begins_with_what_was_sent_last(lives: list[Life], error: type[Exception]) -> None:
    """No comment comes earlier; and when one cannot be sent there are no more."""
    sent: list[float] = []

    def send(_comment: bytes) -> None:
        sent.append(time.time())
        raise error("nobody takes it")

    beats = Pulse(send, 0.01, b": here\n")
    beats.last = last = time.time() + 0.2
    [(live, arguments)] = lives
    live(*arguments)
    assert len(sent) == 1
    assert sent[0] >= last
