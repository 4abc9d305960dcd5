"""What goes on around invocations, within this process."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from aioric.drivers.around import Around
from aioric.drivers.extension import Extension
from aioric.errors import LifespanFailed
from aioric.function import hooks
from aioric.function.garbage import BETWEEN
from aioric.function.hooks import Hooks
from aioric.function.payload import Codec
from aioric.protocol.runtime_api import RuntimeApi
from tests.drivers.peer import http
from tests.lifecycle.journals import Lines, an_invocation, config, journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.drivers.peer import Line, Peer


class Life:
    """A runtime's part in the beginning of its process; keeps what is reported."""

    def __init__(self) -> None:
        # Nobody has to be asked to say SIGTERM.
        self.announced: Extension | None = Extension(config(), journal(Lines()))
        self.api = RuntimeApi("127.0.0.1:1", "test")
        self.codec = Codec(ascii_json=True)
        self.reported: list[BaseException] = []

    def report(self, error: BaseException) -> None:
        """Keep it."""
        self.reported.append(error)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    """A registry of the test's own; what a life changes in this process is put back."""
    own, former, thresholds = Hooks(), signal.getsignal(signal.SIGTERM), gc.get_threshold()
    monkeypatch.setattr(hooks, "registered", own)
    yield own
    signal.signal(signal.SIGTERM, former)
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def around(lines: Lines, **variables: str) -> Around:
    """What goes on around, with these settings."""
    return Around(config(**variables), journal(lines), asyncio.run)


@pytest.mark.parametrize("end", [ConnectionRefusedError, SystemExit])
def test_a_lifespan_that_fails_is_reported_and_nothing_is_served(
    registered: Hooks, end: type[BaseException]
) -> None:
    """What was opened before it is closed; an error is status 1, and what ends a process still does."""
    life, happened = Life(), []

    def good():  # type: ignore[no-untyped-def]  # noqa: ANN202 - as users write them
        yield
        happened.append("closed")

    def bad():  # type: ignore[no-untyped-def]  # noqa: ANN202 - likewise
        raise end
        yield  # type: ignore[unreachable]  # that is the point

    registered.lifespans = [good, bad]

    def live() -> int:
        return around(Lines()).live(life, lambda: happened.append("served"))

    if end is SystemExit:
        with pytest.raises(SystemExit):
            live()
    else:
        assert live() == 1

    assert happened == ["closed"]
    assert [type(error) for error in life.reported] == [
        LifespanFailed if end is not SystemExit else SystemExit
    ]


def test_a_life_without_hooks_only_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that never looked for a hook has none, and nobody watches where no margin is wanted."""
    monkeypatch.delitem(sys.modules, "aioric.function.hooks")
    life, served = Life(), []
    lives, invocation = around(Lines(), AIORIC_DEADLINE_MARGIN_MS="0"), an_invocation()
    assert lives.live(life, lambda: served.append(True)) == 0
    lives.begin(invocation)

    assert served == [True]
    assert lives.excuse(invocation) is None
    assert not lives.due(invocation)
    assert lives.patience is None
    assert not life.reported


@pytest.mark.parametrize("margin", ["0", "100"])
@pytest.mark.parametrize("many", [0, 2 * BETWEEN])
def test_garbage_is_collected_after_the_answer(margin: str, many: int) -> None:
    """If there is enough to be worth it, after the work that was left to be done, on a loop or not."""
    lives = around(Lines(), AIORIC_GC="after-response", AIORIC_DEADLINE_MARGIN_MS=margin)
    lives.open()
    for kind in ("def", "async def"):
        invocation = an_invocation()
        kept: list[list[None]] = []
        gc.collect()
        lives.begin(invocation)
        kept += [[] for _ in range(many)]
        assert lives.due(invocation) is bool(many)
        asyncio.run(lives.after_async(invocation)) if kind == "async def" else lives.after(invocation)

        assert gc.get_count()[0] < BETWEEN
        assert len(kept) == many


def test_on_shutdown_the_latest_hook_comes_first(registered: Hooks) -> None:
    """Without a signal the hooks are called all the same, when what is served has ended."""
    happened: list[str] = []
    registered.shutdown = [lambda: happened.append("first"), lambda: happened.append("second")]

    assert around(Lines()).live(Life(), lambda: happened.append("served")) == 0
    assert happened == ["served", "second", "first"]


def test_an_extension_that_is_not_registered_waits_for_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """After a refused registration nothing is asked for, also when a snapshot was restored."""
    caplog.set_level("DEBUG")
    extension = Extension(config(), journal(Lines()))
    extension.register()
    extension.wait()

    assert "will not announce the end of this process" in caplog.text


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_was_restored_waits_anew_for_its_end(registered: Hooks, peer: Peer) -> None:
    """The connection on which it waited did not survive the snapshot; then it serves.

    It waits until the process ends, so nobody closes the last connection.
    """
    registered.shutdown.append(list)
    address = f"127.0.0.1:{peer.port}"
    life = Life()
    life.announced, life.api = None, RuntimeApi(address, "test")
    lives = around(Lines(), AWS_LAMBDA_RUNTIME_API=address, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")
    waits: list[Line] = []

    def play() -> None:
        registration = peer.accept()
        registration.expect("POST", "/2020-01-01/extension/register")
        registration.send(http(200, b"{}", headers={"Lambda-Extension-Identifier": "it"}))
        waits.append(peer.accept())
        restore = peer.accept()
        restore.expect("GET", "/2018-06-01/runtime/restore/next")
        restore.send(http(200))
        waits.append(peer.accept())
        for line in waits:
            line.expect("GET", "/2020-01-01/extension/event/next")

    served: list[int] = []
    with ThreadPoolExecutor(1) as other:
        played = other.submit(play)
        assert lives.live(life, lambda: served.append(len(waits))) == 0
        played.result()
    assert len(served) == 1
    assert waits[0].hung_up()
