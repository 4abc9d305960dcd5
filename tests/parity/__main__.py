"""`make parity`: run every case, print how many are equal and why the others are not.

With `--write` it writes PARITY.md, too.
"""

# ruff: noqa: T201 - its tables are its purpose

from __future__ import annotations

import sys
from collections import Counter

from tests.parity.differences import find
from tests.parity.page import PAGE, render
from tests.parity.suite import Suite, Trial, trials


def main() -> int:
    """Print the table; the exit status tells whether every difference has a row that explains it."""
    suite = Suite()
    suite.start()
    equal, explained, unexplained = Counter[str](), Counter[str](), list[Trial]()
    for trial in trials():
        official, ours = suite.outcomes(trial)
        rows = find(*trial)
        table = trial.case.partition(".")[0].partition("/")[0]
        if ours == official and not rows:
            equal[table] += 1
        elif len(rows) == 1 and ours != official and rows[0].check(ours):
            explained[table] += 1
        else:
            if trial.case not in {other.case for other in unexplained}:
                _show(trial, official, ours)
            unexplained.append(trial)
    suite.close()
    print(render())
    print("Trials (a case in a setting with one kind of handler):\n")
    for table in dict.fromkeys([*equal, *explained]):
        print(f"  {table:14} {equal[table]:5} equal {explained[table]:4} differing with a reason")
    print(
        f"  {'all':14} {equal.total():5} equal {explained.total():4} differing with a reason, "
        f"{len(unexplained)} without"
    )
    if "--write" in sys.argv:
        PAGE.write_text(render())
    return 1 if unexplained else 0


def _show(trial: Trial, official: object, ours: object) -> None:
    """Where two outcomes part, field by field."""
    print(f"UNEXPLAINED {trial}")
    for name in getattr(official, "_fields", ()):
        theirs, mine = str(getattr(official, name)), str(getattr(ours, name))
        if theirs != mine:
            start = next((i for i, (a, b) in enumerate(zip(theirs, mine, strict=False)) if a != b), 0)
            start = max(0, start - 80)
            print(f"  {name}:")
            print(f"    official: {theirs[start:][:300]!r}")
            print(f"    ours:     {mine[start:][:300]!r}")


if __name__ == "__main__":
    sys.exit(main())
