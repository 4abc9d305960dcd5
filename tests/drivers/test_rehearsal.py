"""The invocations of nothing before workers are forked."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import pytest

from aioric.drivers.rehearsal import rehearse
from aioric.function.own_json import CHOSEN
from tests.lifecycle.journals import Lines, config, journal


def refuse(_: Any) -> NoReturn:
    """A function's own JSON, which nobody has asked for anything yet."""
    raise AssertionError("the function's code was called before its first event")


@pytest.mark.parametrize("pipeline", ["0", "1"])
def test_nothing_of_it_is_seen(monkeypatch: pytest.MonkeyPatch, pipeline: str) -> None:
    """It logs nothing, calls no code of the function's, and leaves the environment as it was."""
    monkeypatch.setattr(CHOSEN, "loads", refuse)
    monkeypatch.setattr(CHOSEN, "dumps", refuse)
    lines, environment = Lines(), dict(os.environ)
    rehearse(config(AIORIC_PIPELINE=pipeline), journal(lines))

    assert not lines.lines
    assert dict(os.environ) == environment
