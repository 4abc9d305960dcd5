"""Which event loop serves: uvloop where there is one, unless the environment says otherwise."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from aioric.config import Config
from aioric.drivers.loops import completer, open_loop
from aioric.errors import InvalidConfiguration
from aioric.identity import Identity
from aioric.logs.journal import Journal
from aioric.logs.sinks import StandardSink

if TYPE_CHECKING:
    from pathlib import Path


def configured(loop: str = "", lanes: str = "4") -> tuple[Config, Journal]:
    """A configuration that asks for a loop, and a journal that writes to standard output."""
    environ = {"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AIORIC_LOOP": loop}
    config = Config(environ | {"AWS_LAMBDA_MAX_CONCURRENCY": lanes} if lanes else environ, "app.handler")
    return config, Journal(config, Identity(alone=True), StandardSink())


def opened(loop: str = "", lanes: str = "4") -> str:
    """The module of the loop that is opened."""
    opened = open_loop(*configured(loop, lanes))
    assert asyncio.get_event_loop() is opened
    opened.close()
    asyncio.set_event_loop(None)
    return type(opened).__module__.partition(".")[0]


@pytest.fixture
def no_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uvloop is not installed."""
    monkeypatch.delitem(sys.modules, "uvloop", raising=False)
    monkeypatch.setattr(sys, "path", [])


@pytest.fixture
def broken_uvloop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Uvloop is installed, for another machine."""
    monkeypatch.delitem(sys.modules, "uvloop", raising=False)
    package = tmp_path / "uvloop"
    package.mkdir()
    (package / "__init__.py").write_text("raise OSError('wrong ELF class')")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])


@pytest.mark.parametrize(("asked", "module"), [("", "uvloop"), ("uvloop", "uvloop"), ("asyncio", "asyncio")])
def test_the_installed_loop_is_used(asked: str, module: str) -> None:
    """Uvloop is the first choice, and either loop can be asked for."""
    assert opened(asked) == module


def test_with_one_invocation_at_a_time_uvloop_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its import costs a start more than it saves, but a function that brings it in is served by it."""
    monkeypatch.delitem(sys.modules, "uvloop", raising=False)
    assert opened(lanes="") == "asyncio"
    assert opened("uvloop", lanes="") == "uvloop"
    assert opened(lanes="") == "uvloop"


@pytest.mark.usefixtures("no_uvloop")
def test_without_uvloop_asyncio_serves(caplog: pytest.LogCaptureFixture) -> None:
    """Where uvloop is not installed asyncio serves, and nobody is bothered with that."""
    assert opened() == "asyncio"
    assert caplog.text == ""


@pytest.mark.usefixtures("broken_uvloop")
def test_a_broken_uvloop_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A uvloop that cannot be imported is replaced by asyncio, and the log says why."""
    assert opened() == "asyncio"
    assert "uvloop is not used, since it cannot be imported (OSError: wrong ELF class)" in caplog.text
    assert "uvloop" not in sys.modules


@pytest.mark.usefixtures("broken_uvloop")
def test_a_broken_uvloop_that_was_asked_for_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """Who insists on a uvloop that cannot be imported is told so, once."""
    with pytest.raises(InvalidConfiguration, match="asks for uvloop, and it cannot be imported"):
        opened("uvloop")
    assert caplog.text == ""


@pytest.mark.usefixtures("no_uvloop")
def test_a_missing_uvloop_that_was_asked_for_is_an_error() -> None:
    """Who insists on a uvloop that is not installed is told so."""
    with pytest.raises(InvalidConfiguration, match="asks for uvloop, and it is not installed"):
        opened("uvloop")


def test_coroutines_are_completed_on_one_loop() -> None:
    """Coroutines of plain handlers run one after the other on one loop, made for the first."""
    complete = completer(*configured("asyncio"))

    async def running_loop() -> asyncio.AbstractEventLoop:
        await asyncio.sleep(0)
        return asyncio.get_running_loop()

    first = complete(running_loop())
    assert complete(running_loop()) is first
    first.close()
    asyncio.set_event_loop(None)
