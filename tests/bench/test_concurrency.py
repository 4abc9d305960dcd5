"""What `python -m bench.concurrency` is asked for, and what its page says."""

from __future__ import annotations

from bench.concurrency import LANES, MATRIX_NAMES, MATRIX_WORKLOADS, parse
from bench.concurrency_report import markdown


def test_the_whole_field_is_one_word() -> None:
    """All concurrencies and workloads, once, in short samples; anything of it can be named all the same."""
    whole, part = parse(["--matrix"]), parse(["--matrix", "--lanes", "4", "--rounds", "2"])

    assert (tuple(whole.lanes), tuple(whole.workloads), tuple(whole.only)) == (
        LANES,
        MATRIX_WORKLOADS,
        MATRIX_NAMES,
    )
    assert whole.rounds == 3
    assert (part.lanes, part.rounds, part.seconds) == ([4], 2, whole.seconds)
    assert whole.seconds < parse([]).seconds


def test_what_is_missing_is_told() -> None:
    """What a machine is too small for is named once below the tables; nothing is said where all is there."""
    facts: dict[str, object] = {"processor": "x", "kernel": "x", "python": "x", "versions": {}}
    said = markdown([], facts, ["awslambdaric x256 empty"] * 2)

    assert said.endswith(" Not to be had here: awslambdaric x256 empty.\n")
    assert "Not to be had" not in markdown([], facts, [])
