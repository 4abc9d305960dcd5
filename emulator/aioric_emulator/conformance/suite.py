"""The suite: every scenario against one command line, and the table of what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aioric_emulator.conformance.further_scenarios import FURTHER_SCENARIOS
from aioric_emulator.conformance.scenarios import SCENARIOS
from aioric_emulator.conformance.stage import Stage
from aioric_emulator.conformance.wire import NonconformantError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["FUNCTIONS", "Verdict", "run", "scenarios", "summary"]

# The functions that a Python runtime serves here.
FUNCTIONS = Path(__file__).with_name("functions")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one scenario. `complaint` is empty where the runtime did as it should."""

    number: int
    title: str
    complaint: str

    @property
    def line(self) -> str:
        """The verdict as a row of the table."""
        mark = "yes" if not self.complaint else "NO "
        row = f"{self.number:2}  {mark}  {self.title}"
        return f"{row}\n         {self.complaint}" if self.complaint else row


def scenarios() -> dict[int, Callable[[Stage], None]]:
    """Give all scenarios by their numbers, in order."""
    return dict(sorted({**SCENARIOS, **FURTHER_SCENARIOS}.items()))


def run(command: Sequence[str], functions: Path, only: Iterable[int] = ()) -> Iterator[Verdict]:
    """Play the scenarios, or some of them, against a runtime, one process each.

    `{handler}` in the command stands for the handler's name, which is in `_HANDLER` as well. Raises `OSError`
    where the command cannot be started.
    """
    wanted = set(only)
    for number, scenario in scenarios().items():
        if wanted and number not in wanted:
            continue
        complaint = ""
        with Stage(command, functions) as stage:
            try:
                scenario(stage)
            except NonconformantError as error:
                complaint = str(error)
            except (KeyError, TypeError, ValueError) as error:
                complaint = f"its answer makes no sense here: {error!r}"
            if complaint and (last := stage.log().strip().splitlines()):
                complaint += f"; the last line of its log: {last[-1][:120]}"
        yield Verdict(number, (scenario.__doc__ or "").strip(), complaint)


def summary(verdicts: Sequence[Verdict]) -> str:
    """Give the last line of the table."""
    good = sum(not verdict.complaint for verdict in verdicts)
    return f"{good} of {len(verdicts)} scenarios"
