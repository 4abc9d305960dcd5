"""Put the newest figures into the pages: `python -m bench.readme`.

Between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` goes the newest table of that benchmark, with the
command that made it, its date, what we are not ahead in, and its picture, copied beside the tables under a
name without a date. `summary` is one table of the ratios that matter most, of all of them.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from bench.highlights import behind, summary

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
PAGES = (
    ROOT / "README.md",
    *(ROOT / "docs" / page for page in ("benchmarks.md", "concurrency.md", "deploy.md")),
)
UNKNOWN = "Not measured yet"
MARKED = re.compile(r"(<!-- bench:([a-z-]+) -->\n)(.*?)(<!-- /bench:\2 -->)", re.DOTALL)


def main() -> None:
    """Rewrite what is marked."""
    for page in PAGES:
        text = page.read_text()
        way = "../" * (len(page.relative_to(ROOT).parts) - 1)  # from the page to the project's folder
        page.write_text(MARKED.sub(partial(_fill, way), text))


def _fill(way: str, mark: re.Match[str]) -> str:
    """What was written there when there were figures stays, if there are none now."""
    text = made(mark[2], way)
    return mark[1] + (mark[3] if text.startswith(UNKNOWN) and mark[3] else text) + mark[4]


def made(name: str, way: str) -> str:
    """What goes between the marks of one name; `way` leads from the page to the project's folder."""
    if name == "summary":
        return summary(lambda each: outcome(each, RESULTS))
    return section(name, RESULTS, way)


def section(name: str, results: Path, way: str = "") -> str:
    """What goes between the marks of one benchmark."""
    raw = newest(name, results)
    if raw is None:
        return f"{UNKNOWN}: `python -m bench --only {name}`.\n"
    found = json.loads(raw.read_text())
    lines = [
        f"`{found['command']}`, {found['date'][:10]}.\n",
        raw.with_suffix(".md").read_text(),
    ]
    if worse := behind(found):
        lines.append("Not ahead here:\n")
        lines.append("\n".join(f"- {line}" for line in worse) + "\n")
    for drawn in sorted(results.glob(f"{raw.stem}*.svg")):
        picture = drawn.name.replace(raw.stem, name)
        shutil.copyfile(drawn, results / picture)
        lines.append(f"![{picture.removesuffix('.svg')}]({way}bench/results/{picture})\n")
    return "\n".join(lines)


def outcome(name: str, results: Path) -> dict[str, Any] | None:
    """The newest raw figures of one benchmark, if it was ever run."""
    raw = newest(name, results)
    read: dict[str, Any] | None = None if raw is None else json.loads(raw.read_text())
    return read


def newest(name: str, results: Path) -> Path | None:
    """The file of them."""
    return max(results.glob(f"{name}-[0-9]*Z.json"), default=None)


if __name__ == "__main__":
    main()
