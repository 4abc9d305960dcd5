"""PARITY.md, made of the tables that the tests run."""

# ruff: noqa: E501 - sentences of the page

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.parity.differences import ADDITION, DEFECT, DIFFERENCES, INHERENT, Difference
from tests.parity.suite import case_names, trials

PAGE = Path(__file__).parents[2] / "PARITY.md"

_SECTIONS = {
    DEFECT: "Defects of theirs that are not copied",
    ADDITION: "Things that they lack",
    INHERENT: "What two programs cannot agree on",
}

_HEAD = """\
# Parity with awslambdaric 4.2.2

A recording Runtime API runs both runtimes as real processes on the same function, the same events, headers
and environment, and compares what they post (path, headers, body byte for byte), what they write to the log
(text, JSON, framed records), exit statuses, and the order of calls. Made by `make parity`; a test keeps it true.

"""

_NOTES = """\
## What is not compared

- `User-Agent`, the spelling of header names, how many connections are used, and whether an answer and the next
  poll share one write.
- Clock readings: that they are there and how they are written is compared, their values are not.
- Frames of the runtime's own and of the import system in tracebacks: awslambdaric shows some, aioric none.
- The order of `paths` in the X-Ray cause (theirs comes from a set), and how the header escapes what is not
  ASCII (ours always does; theirs sends raw UTF-8 from Python 3.12 on).
- `Content-Type` of `/init/error` and `/restore/error`: theirs has none, ours is `application/json`.
- How full the stack was when recursion ended, which Python 3.14 says in kB.
- What interpreters print on standard error when they die.
- `simplejson` and `snapshot_restore_py`: the official client brings them along, aioric does not.
"""


def render() -> str:
    """The page."""
    lines = [_HEAD, _counts(), ""]
    for kind, title in _SECTIONS.items():
        lines += [f"## {title}", "", "| Cases | awslambdaric | aioric | Why |", "|---|---|---|---|"]
        lines += [_row(row) for row in DIFFERENCES if row.kind == kind]
        lines.append("")
    return "\n".join([*lines, _NOTES])


def _counts() -> str:
    all_trials = list(trials())
    differing = {trial.case for trial in all_trials if _covered(*trial)}
    totals, different = Counter[str](), Counter[str]()
    for name in case_names():
        table = name.partition(".")[0].partition("/")[0]
        totals[table] += 1
        different[table] += name in differing
    lines = ["| Table | Cases | Equal | Differing, with a reason |", "|---|---:|---:|---:|"]
    lines += [
        f"| {table} | {totals[table]} | {totals[table] - different[table]} | {different[table]} |"
        for table in totals
    ]
    total = totals.total()
    lines.append(f"| **all** | **{total}** | **{total - len(differing)}** | **{len(differing)}** |")
    lines += [
        "",
        f"Most cases run in several settings and with `def` and `async def`: {len(all_trials)} comparisons.",
    ]
    return "\n".join(lines)


def _covered(case: str, setting: str, kind: str) -> bool:
    return any(row.covers(case, setting, kind) for row in DIFFERENCES)


def _row(row: Difference) -> str:
    cases = ", ".join(f"`{case}`" for case in row.cases)
    where = f" ({', '.join(row.settings)})" if row.settings else ""
    where += f" (Python {row.since[0]}.{row.since[1]} and later)" if row.since > (3, 11) else ""
    where += f" (Python {row.until[0]}.{row.until[1]})" if row.until < (3, 99) else ""
    return f"| {cases}{where} | {row.official} | {row.ours} | {row.reason} |"
