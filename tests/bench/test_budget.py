"""Budget, tables and picture are made of figures as the benchmarks leave them."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET

import pytest

from bench.budget import budgets, exceeded
from bench.launch import Launcher, Sample
from bench.picture import Bar, bars
from bench.starts import prepare
from bench.starts_report import markdown, rows
from bench.stats import Spread


def test_over_budget() -> None:
    """A figure may move a little; more than that is named, with what is allowed."""
    assert exceeded({"start": 1.02}, {"start": 1.0}) == []
    assert exceeded({"start": 1.2}, {"start": 1.0}) == ["start: 1.2, and 1.0 are allowed"]


def test_there_is_a_budget() -> None:
    """The file holds figures by version of Python."""
    assert all(figure > 0 for budget in budgets().values() for figure in budget.values())
    assert "3.11" in budgets()


def test_a_start_is_timed() -> None:
    """A start takes some milliseconds, of which there are not thousands."""
    with Launcher() as launcher:
        (ours, theirs) = prepare("def")
        samples = [launcher.take(start, 0) for start in (ours, theirs)]

    assert all(1 < sample.figure < 20_000 for sample in samples)


@pytest.mark.timeout(240)  # three starts in valgrind: 6 CPU-seconds, a minute on a busy machine
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_counts_repeat() -> None:
    """Two starts execute the same instructions, to one part in a hundred."""
    with Launcher(count=True) as launcher:
        start = prepare("def")[0]
        launcher.take(start, 0)
        first, second = (launcher.take(start, 0).figure for _ in range(2))

    assert first == pytest.approx(second, rel=0.01)


def test_rows_of_starts() -> None:
    """Ratios are made within a round, and a table shows medians and ends."""
    samples = [
        Sample("def", name, turn, figure * mood, "ms")
        for turn, mood in enumerate([1, 3, 1])
        for name, figure in [("aioric", 10.0), ("awslambdaric", 20.0)]
    ]
    table = rows(samples)
    facts: dict[str, object] = {"processor": "", "kernel": "", "python": "", "versions": {}}

    assert table[0].ratio == Spread(0.5, 0.5, 0.5)
    assert "| def | aioric | 10.0 | 10.0-30.0 | 0.50 | 0.50-0.50 |" in markdown(table, facts)


def test_a_picture() -> None:
    """Each figure is a bar with its number, each group on its own scale."""
    shown = [Bar("start <1>", name, Spread(5, 4, 6), "ms") for name in ("aioric", "awslambdaric", "x")]
    picture = ET.fromstring(bars(shown))  # noqa: S314 - we wrote it
    texts = [each.text for each in picture if each.tag.endswith("text")]

    assert texts[0] == "start <1>, ms"
    assert texts.count("5.0") == 3
