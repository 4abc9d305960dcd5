"""The pages are made of figures as the benchmarks leave them."""

from __future__ import annotations

import importlib
import json
from argparse import Namespace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from bench import __main__ as suites
from bench import readme, throughput
from bench.highlights import SUMMARISED, behind, summary
from bench.rounds import repeat, rounds

if TYPE_CHECKING:
    from pathlib import Path

RATIO = {"median": 0.5, "low": 0.4, "high": 0.6}
WORSE = {"median": 1.5, "low": 1.4, "high": 1.6}


def _leave(folder: Path, name: str, stamp: str, text: str, **outcome: Any) -> None:
    stem = folder / f"{name}-{stamp}"
    facts = {"command": f"python -m bench.{name}", "date": "2026-01-02T00:00:00"} | outcome
    stem.with_suffix(".json").write_text(json.dumps(facts))
    stem.with_suffix(".md").write_text(f"| {text} |\n")
    stem.with_suffix(".svg").write_text("<svg/>")


def test_a_section(tmp_path: Path) -> None:
    """The newest table of just this benchmark, with its command, date, and pictures by a lasting name."""
    _leave(tmp_path, "coldstart", "20260101T000000Z", "old")
    _leave(tmp_path, "coldstart", "20260102T000000Z", "new")
    _leave(tmp_path, "coldstart-slow", "20260103T000000Z", "other")
    (tmp_path / "coldstart-20260102T000000Z-pss.svg").write_text("<svg/>")
    section = readme.section("coldstart", tmp_path, "../")

    assert "| new |" in section
    assert "`python -m bench.coldstart`, 2026-01-02." in section
    assert "![coldstart](../bench/results/coldstart.svg)" in section
    assert "![coldstart-pss](../bench/results/coldstart-pss.svg)" in section
    assert (tmp_path / "coldstart-pss.svg").exists()
    assert "Not ahead" not in section
    assert "bench --only memory" in readme.section("memory", tmp_path)


def test_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is marked is written; all else stays, and what was not measured since; again changes nothing."""
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    kept = "<!-- bench:image -->\nof old\n<!-- /bench:image -->\n"
    page.write_text(f"a\n<!-- bench:coldstart -->\nx\n<!-- /bench:coldstart -->\nb\n{kept}")
    _leave(tmp_path, "coldstart", "20260102T000000Z", "new", rows=[])
    for name, value in (("ROOT", tmp_path), ("RESULTS", tmp_path), ("PAGES", (page,))):
        monkeypatch.setattr(readme, name, value)
    readme.main()
    once = page.read_text()
    readme.main()

    assert once == page.read_text()
    assert once.startswith("a\n<!-- bench:coldstart -->\n`python")
    assert once.endswith(f"<!-- /bench:coldstart -->\nb\n{kept}")


def test_every_mark_has_a_benchmark() -> None:
    """What the pages ask for is what `python -m bench` measures, and all of that is shown."""
    asked = {name for page in readme.PAGES for _, name, *_ in readme.MARKED.findall(page.read_text())}
    # The images' figures take an engine to build them: `BENCH=1 make image-test`.
    assert asked == {"summary", "image", *suites.SUITES}
    assert SUMMARISED.keys() <= suites.SUITES.keys()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"contestant": "aioric-def", "cpu_ratio": WORSE, "wall_ratio": RATIO},
            ["aioric-def: CPU 1.50 (1.40-1.60)"],
        ),
        (
            {"contestant": "aioric", "function": "boto3", "ratio": WORSE},
            ["aioric, boto3: start 1.50 (1.40-1.60)"],
        ),
        ({"contestant": "aioric", "ratios": {"per_second": RATIO}}, ["aioric: per second 0.50 (0.40-0.60)"]),
        ({"contestant": "aioric", "ratios": {"per_second": WORSE, "pss_mib": RATIO}}, []),
        (
            {"contestant": "aioric generator", "pieces_to_web": RATIO},
            ["aioric generator: 0.50 (0.40-0.60) of FastAPI's pieces per CPU-second"],
        ),
        ({"contestant": "awslambdaric-threaded", "cpu_ratio": WORSE}, []),
        (
            {"contestant": "aioric dev, awslambdaric", "to_official": {"official, aioric": RATIO}},
            [],
        ),
    ],
    ids=["cpu", "start", "rate", "ahead", "stream", "theirs", "another runtime"],
)
def test_where_we_are_behind(row: dict[str, Any], told: list[str]) -> None:
    """A ratio on the wrong side of 1 is told, with what it is of; only ours."""
    assert behind({"rows": [row]}) == told


def test_more_memory_is_told() -> None:
    """Memory is compared with the official client's in the same row."""
    ours = {
        "contestant": "aioric-async",
        "workload": "w",
        "lanes": 1,
        "pin": "free",
        "pss_mib": {"median": 12.0},
    }
    theirs = ours | {"contestant": "awslambdaric", "pss_mib": {"median": 7.0}}

    assert behind({"rows": [ours, theirs]}) == [
        "aioric-async, w, 1 at once, wherever the kernel likes: memory 12.0 MiB to 7.0"
    ]


def test_the_summary() -> None:
    """One table, with what was not measured named, and every line with its command."""
    names = ("aioric", "aioric optimized", "aioric optimized, lazy", "awslambdaric")
    rows = [{"contestant": name, "function": "boto3", "ratio": RATIO} for name in names]
    found = {"coldstart": {"date": "2026-01-02T00:00:00", "rows": rows}}
    text = summary(found.get)

    for how in ("", ", optimized, lazy"):
        assert f'| start: boto3{how} | 0.50 | 0.40-0.60 | `make bench ARGS="--only coldstart"` |' in text
    assert text.count("start: ") == 2
    assert "| memory | not measured yet | | `python -m bench --only memory` |" in text
    assert "Measured on 2026-01-02." in text


def test_the_command_to_repeat() -> None:
    """It names everything that was asked for, but no folder of the machine that it was measured on."""
    words = ["--lanes", "16", "--workloads", "20 ms await", "--output", "/elsewhere", "--within", "9"]
    told = "python -m bench.concurrency --lanes 16 --workloads '20 ms await' --within 9"
    assert repeat("concurrency", words) == told
    assert repeat("emulator", []) == "python -m bench.emulator"


@pytest.mark.parametrize(("within", "expected"), [(float("inf"), [0, 1, 2]), (0.0, [0])])
def test_rounds(within: float, expected: list[int]) -> None:
    """There is one round, and more of them while there is time."""
    options = Namespace(rounds=3, within=within)
    assert list(rounds(options)) == expected


@pytest.mark.parametrize("suite", suites.SUITES.values(), ids=suites.SUITES)
def test_what_each_benchmark_is_asked_for(suite: suites.Suite) -> None:
    """The command lines of `python -m bench` are ones that the benchmarks understand."""
    read = partial(throughput.parse, suite.module)
    if suite.module not in ("throughput", "memory", "payload"):
        read = importlib.import_module(f"bench.{suite.module}").parse
    full, quick = read([*suite.full, "--within", "1"]), read(["--quick", *suite.quick])

    assert full.within == 1
    assert min(full.rounds, quick.rounds) >= 1
