"""What is loaded for streams during init."""

from __future__ import annotations

import sys

import pytest

from aioric.drivers import streams
from aioric.function.loader import ASYNC, ASYNC_GENERATOR, GENERATOR, SYNC

RESPONSES = "aioric.function.responses"
BLOCKING = "aioric.drivers.blocking_streams"
EVENTLOOP = "aioric.drivers.eventloop_streams"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked for, in a process that has imported nothing of the kind."""
    names: list[str] = []
    monkeypatch.setattr(streams, "import_own", names.append)
    monkeypatch.delitem(sys.modules, RESPONSES, raising=False)
    return names


@pytest.mark.parametrize("how", [SYNC, ASYNC])
def test_nothing_is_loaded_for_a_function_that_does_not_look_like_a_stream(
    loaded: list[str], how: str
) -> None:
    """It may stream all the same, and its first stream waits."""
    streams.load_streams(how)
    assert loaded == []


@pytest.mark.parametrize(("how", "driver"), [(GENERATOR, BLOCKING), (ASYNC_GENERATOR, EVENTLOOP)])
def test_a_generator_is_a_stream(loaded: list[str], how: str, driver: str) -> None:
    """What its driver needs is there before the first event."""
    streams.load_streams(how)
    assert loaded == ["aioric.function.streaming", driver]


@pytest.mark.parametrize(("how", "driver"), [(SYNC, BLOCKING), (ASYNC, EVENTLOOP)])
def test_who_has_imported_a_streaming_response_will_return_one(
    monkeypatch: pytest.MonkeyPatch, loaded: list[str], how: str, driver: str
) -> None:
    """So that is a stream too."""
    monkeypatch.setitem(sys.modules, RESPONSES, sys)
    streams.load_streams(how)
    assert loaded == ["aioric.function.streaming", driver]
