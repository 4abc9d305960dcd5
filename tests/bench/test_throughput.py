"""The benchmark runs, and its figures are of the shape that tables and plots are made from."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.contestants import FLOOR
from bench.method import Sample
from bench.stats import rows
from bench.workloads import SIZES, event_of

if TYPE_CHECKING:
    from subprocess import CompletedProcess

ROOT = Path(__file__).parents[2]


def _throughput(*arguments: str) -> CompletedProcess[str]:
    command = [sys.executable, "-m", "bench.throughput", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=55, check=False)


@pytest.mark.parametrize("lanes", [1, 4])
def test_quick_run(lanes: int, tmp_path: Path) -> None:
    """A quick run measures all, prints a table, and leaves JSON with figures and circumstances."""
    arguments = ["--quick", "--sizes", "20B", "256kB", "--lanes", str(lanes), "--output", str(tmp_path)]
    run = _throughput(*arguments)
    assert run.returncode == 0, run.stderr
    assert "| awslambdaric | " in run.stdout
    (raw,) = tmp_path.glob("*.json")
    outcome: dict[str, Any] = json.loads(raw.read_text())
    assert outcome["command"].startswith("python -m bench.throughput --quick")
    assert outcome["environment"]["versions"]["awslambdaric"] == "4.2.2"
    names = {"aioric-def", "aioric-async", "awslambdaric", "awslambdaric-threaded"}
    workloads = {"trivial 20B", "trivial 256kB", "echo 256kB"}
    measured = {(s["contestant"], s["workload"]) for s in outcome["samples"] if s["contestant"] != FLOOR}
    assert measured == {(name, workload) for name in names for workload in workloads}
    figures = ["cpu_us", "wall_us", "server_cpu_us", "pss_mib", "invocations", "processes"]
    assert all(sample[figure] > 0 for sample in outcome["samples"] for figure in figures)
    assert all(row["cpu_ratio"]["median"] > 0 for row in outcome["rows"])


def test_unknown_contestant() -> None:
    """A name that nobody has is refused before anything is started."""
    run = _throughput("--only", "nobody")
    assert run.returncode == 2
    assert "nobody" in run.stderr


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_events_have_their_size(size: int) -> None:
    """An event is JSON of exactly so many bytes."""
    event = event_of(size)
    assert len(event) == size
    json.loads(event)


def test_ratios_are_made_within_a_round() -> None:
    """A round in which the whole machine was slow changes no ratio."""
    table = rows(
        _sample(contestant, turn, cpu_us=cost * mood)
        for turn, mood in enumerate([1, 3, 1])
        for contestant, cost in [("aioric-def", 10.0), ("awslambdaric", 40.0)]
    )
    ours, theirs = table
    assert (ours.cpu_us.low, ours.cpu_us.median, ours.cpu_us.high) == (10, 10, 30)
    assert ours.cpu_ratio is not None
    assert {ours.cpu_ratio.low, ours.cpu_ratio.median, ours.cpu_ratio.high} == {0.25}
    assert theirs.cpu_ratio is not None
    assert theirs.cpu_ratio.median == 1


def test_no_ratio_without_the_baseline() -> None:
    """Without the official client in the run there is nothing to be compared with."""
    (row,) = rows([_sample("aioric-def", 0, cpu_us=10)])
    assert row.cpu_ratio is None


def _sample(contestant: str, turn: int, cpu_us: float) -> Sample:
    return Sample(
        contestant=contestant,
        lanes=1,
        workload="trivial 20B",
        pin="apart",
        round=turn,
        invocations=1,
        processes=1,
        cpu_us=cpu_us,
        wall_us=cpu_us,
        server_cpu_us=1,
        pss_mib=1,
    )
