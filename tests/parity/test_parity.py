"""Nobody can tell that awslambdaric is gone: the same function, the same event, the same of everything."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.parity.differences import DIFFERENCES, find
from tests.parity.page import PAGE, render
from tests.parity.suite import INIT, Trial, case_names, trials

if TYPE_CHECKING:
    from tests.parity.differences import Difference
    from tests.parity.suite import Suite

TRIALS = list(trials())

# The first to ask waits until the processes before its own have ended.
pytestmark = pytest.mark.timeout(300)


def name_of(trial: Trial) -> str:
    """A trial as pytest shows it."""
    return f"{trial.case}-{trial.setting}-{trial.kind}".replace(" ", "_")


@pytest.mark.parametrize("trial", TRIALS, ids=name_of)
def test_the_outcome_is_the_official_clients(suite: Suite, trial: Trial) -> None:
    """What is posted, logged and returned is the same, but for the differences that have a row."""
    official, ours = suite.outcomes(trial)
    rows = find(trial.case, trial.setting, trial.kind)
    if not rows:
        assert ours == official
        return
    assert len(rows) == 1, "one row for one difference"
    assert ours != official, "the row is out of date: there is no difference any more"
    assert rows[0].check(ours), f"not what the row says: {ours}"


def test_there_are_enough_cases() -> None:
    """The suite is as large as it says."""
    assert len(case_names()) >= 150


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: row.cases[0])
def test_every_row_has_its_case(row: Difference) -> None:
    """A row that is about no case is a row too many."""
    assert any(row.covers(*trial) for trial in TRIALS)


def test_our_tracebacks_begin_in_the_functions_code(suite: Suite) -> None:
    """The official client shows the import system's frames and its own; ours shows neither."""
    trial = Trial("imports/exception", INIT, "def")

    assert b"importlib" in suite.official(trial).posts[-1].body
    assert b"importlib" not in suite.outcomes(trial)[1].posts[-1].body


def test_the_layers_of_the_cases_are_really_seen(suite: Suite) -> None:
    """The cases about layers do not agree by failing alike."""
    both = suite.outcomes(Trial("image/path", INIT, "def"))
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    expected = f'["task", "/opt/python/lib/{python}/site-packages", "/opt/python"]'.encode()

    assert [outcome.posts[-1].body for outcome in both] == [expected, expected]


def test_the_page_is_up_to_date() -> None:
    """PARITY.md says what the tables say; `make parity ARGS=--write` writes it."""
    assert PAGE.read_text() == render()
