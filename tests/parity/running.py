"""Runs cases: as many in one process as will go, and in another one when it dies of a case."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.parity.outcomes import Outcome, joined, outcome_of
from tests.parity.recorder import Event, Recorder
from tests.parity.runtimes import ASYNC, Setting, output_files, started, task_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.parity.tables.inits import Init


class Case(NamedTuple):
    """An event for the task's handler."""

    table: str
    name: str
    payload: bytes = b"{}"
    headers: Mapping[str, str | None] = {}
    refusal: int | None = None

    @property
    def request_id(self) -> str:
        """Leads the handler to what it is to do."""
        return f"{self.table}.{self.name}"

    def event(self) -> Event:
        """The case as the platform delivers it."""
        return Event(self.request_id, self.payload, self.headers, self.refusal)


def run_cases(kind: str, setting: Setting, cases: Sequence[Case]) -> dict[str, Outcome]:
    """The outcome of each case, by request id."""
    root = task_root(kind)
    outcomes: dict[str, Outcome] = {}
    try:
        rest = list(cases)
        while rest:
            before = len(outcomes)
            for case, outcome in _run_one_process(kind, setting, rest, root):
                outcomes[case.request_id] = outcome
            served = len(outcomes) - before
            if not served:
                raise AssertionError(f"{kind} in {setting.name} served nothing of {rest[0]}")
            rest = rest[served:]
    finally:
        shutil.rmtree(root.parent)
    return outcomes


def run_init(kind: str, init: Init) -> Outcome:
    """The outcome of a process of its own, all its phases in one."""
    root = Path(tempfile.mkdtemp(prefix="task-")) / "task"
    for name, text in init.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.replace("def handler", "async def handler") if kind == ASYNC else text)
    setting = Setting(
        init.name,
        init.environment,
        framed=init.framed,
        handler=init.handler,
        image=init.image,
        layers=any(name.startswith("../layers/") for name in init.files),
    )
    try:
        with (
            output_files() as outputs,
            Recorder(outputs, final=init.final) as recorder,
            started(kind, setting, root, recorder.address, outputs) as process,
        ):
            phases = list(recorder.serve(process, init.events))
    finally:
        shutil.rmtree(root.parent)
    ids = [None, *(event.request_id for event in init.events), None]
    return joined([outcome_of(phase, name, root) for phase, name in zip(phases, ids, strict=False)])


def _run_one_process(
    kind: str, setting: Setting, cases: Sequence[Case], root: Path
) -> Iterable[tuple[Case, Outcome]]:
    with (
        output_files() as outputs,
        Recorder(outputs) as recorder,
        started(kind, setting, root, recorder.address, outputs) as process,
    ):
        served = list(recorder.serve(process, [case.event() for case in cases]))
    # The first is what came before any event, and after the last case the process is told to end.
    results = served[1 : len(cases) + 1]
    return [
        (case, outcome_of(result, case.request_id, root))
        for case, result in zip(cases, results, strict=False)
    ]
