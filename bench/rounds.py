"""Rounds of a benchmark: as many as are asked for, and as the time allows."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence


def add_options(parser: argparse.ArgumentParser, usual: int) -> None:
    """Have a benchmark's command line say how many rounds there are."""
    parser.add_argument("--rounds", type=int, help=f"how often everything is measured (default {usual})")
    parser.add_argument(
        "--within",
        type=float,
        default=float("inf"),
        metavar="SECONDS",
        help="begin no round that would end later, going by those before; there is always one",
    )


def rounds(options: argparse.Namespace) -> Iterator[int]:
    """The numbers of the rounds, while there is time for another one."""
    began = time.monotonic()
    for turn in range(options.rounds):
        spent = time.monotonic() - began
        if turn and spent + spent / turn > options.within:
            return
        yield turn


def repeat(name: str, words: Sequence[str]) -> str:
    """The command that does it again: without the folder for the results, which is this machine's."""
    kept = list(words)
    if "--output" in kept:
        at = kept.index("--output")
        del kept[at : at + 2]
    return shlex.join(["python", "-m", f"bench.{name}", *kept])
