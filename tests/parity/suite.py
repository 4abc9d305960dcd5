"""All cases in all their settings, run once and as many at a time as the machine has processors."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from tests.parity.running import Case, run_cases, run_init
from tests.parity.runtimes import DEF, OFFICIAL, OURS, Setting
from tests.parity.tables import contexts, ends, errors, events, inits, records, results

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.parity.outcomes import Outcome
    from tests.parity.tables.inits import Init

UTF_8 = {"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12"}
JSON = {"AWS_LAMBDA_LOG_FORMAT": "JSON"}

ASCII = Setting("ascii")
UTF = Setting("utf-8", UTF_8)
BARE = Setting("bare", bare=True)
BARE_UTF = Setting("bare utf-8", UTF_8, bare=True)
FRAMED = Setting("framed", framed=True)
JSON_TEXT = Setting("json", JSON)
JSON_FRAMED = Setting("json framed", {**JSON, "AWS_LAMBDA_LOG_LEVEL": "INFO"}, framed=True)
JSON_UTF = Setting("json utf-8", {**JSON, **UTF_8})
JSON_BARE = Setting("json bare", JSON, bare=True)

_LEVELS = (
    "TRACE",
    "DEBUG",
    "INFO",
    "WARN",
    "WARNING",
    "ERROR",
    "FATAL",
    "CRITICAL",
    "NOTSET",
    "debug",
    "trace",
    "loud",
    " ",
)
LEVELS = [
    Setting(
        f"{form or 'text'} {level.strip() or 'blank'}",
        {"AWS_LAMBDA_LOG_FORMAT": form, "AWS_LAMBDA_LOG_LEVEL": level},
        framed=True,
    )
    for level in _LEVELS
    for form in ("", "JSON")
]
FORMATS = [
    Setting(f"format {form}", {"AWS_LAMBDA_LOG_FORMAT": form}, framed=True)
    for form in ("json", "Text", "TEXT", "xml")
]

# Which cases are served in which settings.
PLAN: list[tuple[Sequence[Case], Sequence[Setting]]] = [
    (results.CASES, [ASCII, UTF, BARE, BARE_UTF]),
    (events.CASES, [ASCII, BARE]),
    (contexts.CASES, [ASCII, UTF, BARE]),
    (errors.CASES, [ASCII, UTF, FRAMED, JSON_TEXT, JSON_UTF]),
    (records.CASES, [ASCII, UTF, BARE, FRAMED, JSON_TEXT, JSON_FRAMED, JSON_UTF, JSON_BARE]),
    (records.LEVELS, [*LEVELS, *FORMATS]),
    (ends.CASES, [ASCII]),
]
INIT = "own process"  # the setting of cases that are processes of their own


class Trial(NamedTuple):
    """A case in a setting, with one kind of handler of ours."""

    case: str
    setting: str
    kind: str


def trials() -> Iterator[Trial]:
    """Everything that is compared."""
    for cases, settings in PLAN:
        for setting in settings:
            for kind in OURS:
                yield from (Trial(case.request_id, setting.name, kind) for case in cases)
    for init in inits.CASES:
        yield from (Trial(init.name, INIT, kind) for kind in _kinds(init))


def case_names() -> list[str]:
    """Every case, once."""
    return list(dict.fromkeys(trial.case for trial in trials()))


def _kinds(init: Init) -> tuple[str, ...]:
    return OURS if init.use_async else (DEF,)


class Suite:
    """Outcomes, by trial; the processes start at once and are waited for when somebody asks."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1)
        self._batches: dict[tuple[str, str, str], Future[dict[str, Outcome]]] = {}
        self._inits: dict[tuple[str, str], Future[Outcome]] = {}

    def start(self) -> None:
        """Start everything."""
        for cases, settings in PLAN:
            for setting in settings:
                for kind in (OFFICIAL, *OURS):
                    self._start_batch(kind, setting, cases)
        for init in inits.CASES:
            for kind in (OFFICIAL, *_kinds(init)):
                self._inits[init.name, kind] = self._pool.submit(run_init, kind, init)

    def _start_batch(self, kind: str, setting: Setting, cases: Sequence[Case]) -> None:
        table = cases[0].table
        self._batches[kind, setting.name, table] = self._pool.submit(run_cases, kind, setting, cases)

    def outcomes(self, trial: Trial) -> tuple[Outcome, Outcome]:
        """The official outcome, with tracebacks that begin in the function's code, and ours."""
        return self._outcome(trial, OFFICIAL).without_their_frames(), self._outcome(trial, trial.kind)

    def official(self, trial: Trial) -> Outcome:
        """The official outcome as it is."""
        return self._outcome(trial, OFFICIAL)

    def _outcome(self, trial: Trial, kind: str) -> Outcome:
        if trial.setting == INIT:
            return self._inits[trial.case, kind].result()
        table = trial.case.partition(".")[0]
        return self._batches[kind, trial.setting, table].result()[trial.case]

    def close(self) -> None:
        """Start nothing more."""
        self._pool.shutdown(cancel_futures=True)
