"""Put the newest figures into the README: `python -m bench.readme [FILE]`.

Between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` goes the newest table of that benchmark, with the
command that made it, its date, and its picture, copied beside the tables under a name without a date.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
MARKED = re.compile(r"(<!-- bench:([a-z]+) -->\n).*?(<!-- /bench:\2 -->)", re.DOTALL)


def main() -> None:
    """Rewrite what is marked."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "README.md"
    file.write_text(MARKED.sub(lambda mark: mark[1] + section(mark[2], RESULTS) + mark[3], file.read_text()))


def section(name: str, results: Path) -> str:
    """What goes between the marks of one benchmark.

    Raises:
        SystemExit: It was not run yet.
    """
    raw = max(results.glob(f"{name}-*Z.json"), default=None)
    if raw is None:
        raise SystemExit(f"no figures of {name} in {results}: python -m bench --only {name}")
    outcome = json.loads(raw.read_text())
    lines = [raw.with_suffix(".md").read_text(), f"`{outcome['command']}`, {outcome['date'][:10]}.\n"]
    drawn = raw.with_suffix(".svg")
    if drawn.exists():
        shutil.copyfile(drawn, results / f"{name}.svg")
        lines.append(f"![{name}](bench/results/{name}.svg)\n")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
