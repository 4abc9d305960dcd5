"""Tables of cold starts: medians, spread, and ratios made within a round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import report
from bench.contestants import BASELINE
from bench.stats import Spread, spread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.launch import Sample


@dataclass(frozen=True)
class Row:
    """One contestant with one function, over all rounds; ratios are to awslambdaric in the same round."""

    function: str
    contestant: str
    unit: str
    figure: Spread
    ratio: Spread | None


def rows(samples: Iterable[Sample]) -> list[Row]:
    """Summarise, in the order in which the samples first came."""
    groups: dict[tuple[str, str], dict[int, Sample]] = defaultdict(dict)
    for sample in samples:
        groups[sample.function, sample.contestant][sample.round] = sample
    table = []
    for (function, contestant), group in groups.items():
        baseline = groups.get((function, BASELINE), {})
        ratios = [one.figure / baseline[turn].figure for turn, one in group.items() if turn in baseline]
        figures = spread([one.figure for one in group.values()])
        unit = next(iter(group.values())).unit
        table.append(Row(function, contestant, unit, figures, spread(ratios) if ratios else None))
    return table


def markdown(table: list[Row], facts: dict[str, object]) -> str:
    """One table of all functions, and below it how it came about."""
    unit = table[0].unit if table else "ms"
    lines = [f"| function | runtime | {unit} | min-max | ratio | min-max |"]
    lines.append("| --- | --- | ---: | ---: | ---: | ---: |")
    for row in table:
        cells = [row.function, row.contestant, *_cells(row.figure, 1), *_cells(row.ratio, 2)]
        lines.append("| " + " | ".join(cells) + " |")
    note = (
        "From exec to the first answer, medians; ratios are to awslambdaric in the same round. "
        f"Its `async def` is wrapped in `asyncio.run`. {facts['processor']}, Linux {facts['kernel']}, "
        f"Python {facts['python']}, {report.versions(facts)}."
    )
    return "\n".join([*lines, "", note]) + "\n"


def _cells(figure: Spread | None, digits: int) -> list[str]:
    if figure is None:
        return ["", ""]
    return [f"{figure.median:.{digits}f}", f"{figure.low:.{digits}f}-{figure.high:.{digits}f}"]
