"""The watch over an event loop: silent while it turns, precise when it does not."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from aioric.config import Config
from aioric.drivers import lag
from aioric.drivers.lag import LagWatch
from aioric.identity import Identity
from aioric.logs.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

HERE = __file__.rpartition("/")[0]
PATIENCE = 10.0  # seconds


class Heard:
    """A journal's sink that keeps what is written."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._event = threading.Event()

    def log(self, msg: str, frame_type: bytes | None = None) -> None:  # noqa: ARG002 - a sink's signature
        """Keep it."""
        self.lines.append(msg)
        self._event.set()

    def log_error(self, lines: list[str]) -> None:
        """Nobody does that here."""

    def wait(self) -> str:
        """The latest line, once there is one."""
        assert self._event.wait(PATIENCE), "nothing was said"
        return self.lines[-1]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What the watch says; without `logging`, which pytest has loaded."""
    monkeypatch.delitem(__import__("sys").modules, "logging")
    return Heard()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop to be watched."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def watch(loop: asyncio.AbstractEventLoop, heard: Heard, task_root: str | None = HERE) -> LagWatch:
    """Begin to watch."""
    config = Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}, "a.b")
    watch = LagWatch(loop, Journal(config, Identity(alone=False), heard), task_root)
    watch.start()
    deadline = time.monotonic() + PATIENCE
    while not watch._asked:  # noqa: SLF001 - the thread's first step
        assert time.monotonic() < deadline
    return watch


def until_nobody_watches() -> None:
    """Wait for the end of the thread, which is in no list of `threading`'s."""
    deadline = time.monotonic() + PATIENCE
    while any(
        frame.f_code is LagWatch._run.__code__  # noqa: SLF001 - where it begins
        for frame in map(outermost, sys._current_frames().values())  # noqa: SLF001 - as `faulthandler` does it
    ):
        assert time.monotonic() < deadline


def outermost(frame: FrameType) -> FrameType:
    """Where a thread begins."""
    while frame.f_back is not None:
        frame = frame.f_back
    return frame


async def block(seconds: float) -> None:
    """Keep the loop."""
    time.sleep(seconds)  # noqa: ASYNC251 - the mistake that is to be noticed
    await asyncio.sleep(0)


@pytest.mark.parametrize("task_root", [HERE, None])
def test_the_line_is_named(loop: asyncio.AbstractEventLoop, heard: Heard, task_root: str | None) -> None:
    """The function's own line, or the innermost where its folder is not known; once for a minute."""
    watching = watch(loop, heard, task_root)
    for _ in range(2):
        loop.run_until_complete(block(0.35))
        loop.run_until_complete(asyncio.sleep(0.15))
    said = heard.wait()
    watching.close()

    assert "was kept from all other invocations of this process for " in said
    assert f" ms by block at {__file__}:" in said
    assert len(heard.lines) == 1


def test_what_never_ends_is_told_meanwhile(
    loop: asyncio.AbstractEventLoop, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while the warning does not wait for the end."""
    monkeypatch.setattr(lag, "REPORT_AFTER", 0.2)
    watching = watch(loop, heard)
    loop.run_until_complete(block(0.6))
    watching.close()

    assert "has been kept" in heard.wait()


def test_a_loop_that_turns_is_no_news(loop: asyncio.AbstractEventLoop, heard: Heard) -> None:
    """Waiting is not blocking."""
    watching = watch(loop, heard)
    loop.run_until_complete(asyncio.sleep(0.35))
    watching.close()

    assert heard.lines == []


@pytest.mark.parametrize("seconds", [0.02, 0.15, 0.4])
def test_it_can_be_closed_at_any_time(
    loop: asyncio.AbstractEventLoop, heard: Heard, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """Also while the loop is late, before and after it was reported."""
    monkeypatch.setattr(lag, "REPORT_AFTER", 0.2)
    watching = watch(loop, heard)
    threading.Timer(seconds, watching.close).start()
    loop.run_until_complete(block(0.6))
    until_nobody_watches()


def test_a_closed_loop_ends_the_watch(heard: Heard) -> None:
    """A function may close the loop that it runs on."""
    loop = asyncio.new_event_loop()
    watch(loop, heard)
    loop.close()
    until_nobody_watches()


def test_a_loop_that_is_closed_already_is_not_watched(heard: Heard) -> None:
    """A function may have closed the loop before the watch asks for the first time."""
    loop = asyncio.new_event_loop()
    loop.close()
    watch(loop, heard)
    until_nobody_watches()

    assert heard.lines == []


def test_where_nothing_of_the_functions_runs_nobody_is_blamed(
    loop: asyncio.AbstractEventLoop, heard: Heard
) -> None:
    """A late loop whose thread is in no code outside of the runtime is not reported."""
    config = Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}, "a.b")
    made: list[LagWatch] = []
    journal = Journal(config, Identity(alone=False), heard)
    thread = threading.Thread(target=lambda: made.append(LagWatch(loop, journal, HERE)))
    thread.start()
    thread.join()  # what is watched is a thread that has ended: it runs nothing at all
    watching = made[0]
    watching._asked = time.monotonic() - lag.REPORT_AFTER  # noqa: SLF001 - what the thread does at its turns
    watching.close()

    assert not watching._investigate()  # noqa: SLF001 - likewise
    assert heard.lines == []
