"""Every runtime on AWS's own emulator, in both of its modes: the same function, the same answers."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.official.emulator import ROOT, Answer, OfficialEmulator, official_emulator

TASK = Path(__file__).parent / "task"
LANES = 16
PATIENCE_SECONDS = 30.0  # sixteen interpreters that start at once on a small, busy machine

pytestmark = pytest.mark.official


@dataclass(frozen=True)
class Contestant:
    """A runtime command, and which of the function's two forms it serves."""

    command: tuple[str | Path, ...]
    suffix: str = ""


BOOTSTRAP = (ROOT / "bootstrap",)
CONTESTANTS = {
    "aioric-sync": Contestant(BOOTSTRAP),
    "aioric-async": Contestant(BOOTSTRAP, "_async"),
    "aioric-module-sync": Contestant((sys.executable, "-m", "aioric", "$_HANDLER")),
    "aioric-module-async": Contestant((sys.executable, "-m", "aioric", "$_HANDLER"), "_async"),
    "awslambdaric": Contestant((sys.executable, "-m", "awslambdaric", "$_HANDLER")),
}

every_contestant = pytest.mark.parametrize(
    "contestant", [pytest.param(contestant, id=name) for name, contestant in CONTESTANTS.items()]
)


@pytest.mark.usefixtures("classic")
@every_contestant
def test_classic_answers(contestant: Contestant) -> None:
    """Several invokes in a row reach the handler and return its results under ids of their own."""
    with official_emulator(contestant.command, f"app.answer{contestant.suffix}", task=TASK) as emulator:
        answers = [emulator.invoke({"turn": turn}) for turn in range(3)]
        _each_got_its_own(answers, emulator)


@pytest.mark.usefixtures("classic")
@every_contestant
def test_classic_reports_an_error(contestant: Contestant) -> None:
    """An exception becomes an error object, and the next invoke is served as if nothing were."""
    with official_emulator(contestant.command, f"app.fail{contestant.suffix}", task=TASK) as emulator:
        for text in ("once", "twice"):
            _is_an_error(emulator.invoke_when_free({"text": text}), text, emulator)


@pytest.mark.usefixtures("managed_instances")
@pytest.mark.parametrize("concurrency", [1, 4, LANES])
@every_contestant
def test_managed_instances_answer(contestant: Contestant, concurrency: int) -> None:
    """As many clients at once as the environment has lanes each get the answer to their own event."""
    handler = f"app.answer{contestant.suffix}"
    with (
        official_emulator(contestant.command, handler, task=TASK, concurrency=concurrency) as emulator,
        ThreadPoolExecutor(concurrency) as clients,
    ):
        _wait_for_lanes(emulator, clients, concurrency)
        events = [{"turn": turn} for turn in range(concurrency)]
        for _ in range(3):
            _each_got_its_own(list(clients.map(emulator.invoke_when_free, events)), emulator)


@pytest.mark.usefixtures("managed_instances")
@every_contestant
def test_managed_instances_report_an_error(contestant: Contestant) -> None:
    """An exception becomes an error object for the caller, and the lane goes on serving."""
    handler = f"app.fail{contestant.suffix}"
    with official_emulator(contestant.command, handler, task=TASK, concurrency=1) as emulator:
        for text in ("once", "twice"):
            _is_an_error(emulator.invoke_when_free({"text": text}), text, emulator)


@pytest.mark.usefixtures("managed_instances")
@every_contestant
def test_managed_instances_overlap(contestant: Contestant) -> None:
    """Sixteen sleeping invokes are all under way at one moment, in one environment."""
    handler = f"app.nap{contestant.suffix}"
    with (
        official_emulator(contestant.command, handler, task=TASK, concurrency=LANES) as emulator,
        ThreadPoolExecutor(LANES) as clients,
    ):
        naps = _wait_for_lanes(emulator, clients, LANES, event={"seconds": 1})
        began, ended = zip(*((nap.result["began"], nap.result["ended"]) for nap in naps), strict=True)
        assert max(began) < min(ended), emulator.log


def _wait_for_lanes(
    emulator: OfficialEmulator, clients: ThreadPoolExecutor, lanes: int, event: object = None
) -> list[Answer]:
    """Invoke on all lanes at once until none is refused: they open one by one, and nothing is queued."""
    event = event or {"text": "warm-up", "seconds": 0.2}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answers = list(clients.map(emulator.invoke, [event] * lanes))
        if all(answer.status == 200 for answer in answers):
            return answers
    raise TimeoutError(f"never {lanes} lanes at once:\n{emulator.log}")


def _each_got_its_own(answers: list[Answer], emulator: OfficialEmulator) -> None:
    assert [answer.status for answer in answers] == [200] * len(answers), emulator.log
    assert [answer.result["event"] for answer in answers] == [{"turn": turn} for turn in range(len(answers))]
    assert len({answer.result["request_id"] for answer in answers}) == len(answers)


def _is_an_error(answer: Answer, text: str, emulator: OfficialEmulator) -> None:
    assert answer.result["errorType"] == "ValueError", emulator.log
    assert answer.result["errorMessage"] == text
    assert any("in fail" in line for line in answer.result["stackTrace"])
