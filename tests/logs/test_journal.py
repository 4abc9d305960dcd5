"""What the runtime says itself has the bytes that awslambdaric gives it."""

from __future__ import annotations

import json
import logging
import os
import pathlib
import subprocess
import sys

import pytest
from awslambdaric.bootstrap import log_error
from awslambdaric.lambda_literals import (
    get_lambda_preview_runtime_warning_message,
    lambda_unhandled_exception_warning_message,
)

from aioric.config import Config
from aioric.function.faults import Fault, describe
from aioric.identity import Identity
from aioric.logs.journal import LEVELS, Journal
from aioric.logs.sinks import JSON_FRAMES, TEXT_FRAMES
from aioric.messages import Invocation

RUNTIME = pathlib.Path(__file__).parents[2] / "runtime"


class Recorder:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.written: list[tuple[str, bytes | None]] = []
        self.errors: list[list[str]] = []

    def log(self, msg: str, frame_type: bytes | None = None) -> None:
        self.written.append((msg, frame_type))

    def log_error(self, lines: list[str]) -> None:
        self.errors.append(lines)


def config(**environment: str) -> Config:
    """A configuration from these variables."""
    return Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001", **environment})


def fault(error_type: str = "ValueError", message: str = "bad é", stack: list[str] | None = None) -> Fault:
    """A fault, described."""
    trace = (
        ['  File "/var/task/app.py", line 8, in boom\n    raise ValueError\n', ""] if stack is None else stack
    )
    return Fault(error_type, message, "rid", trace, [], error_type)


FAULTS = [
    fault(),
    fault(message=""),
    fault(error_type=""),
    fault(error_type="", message=""),
    fault(stack=[]),
    fault(message="two\nlines", stack=["    \n\n  x\n"]),
]


@pytest.mark.parametrize("one", FAULTS, ids=range(len(FAULTS)))
def test_an_uncaught_error_is_told_in_the_official_lines(one: Fault) -> None:
    """Text: type, message and trace, its indentation in no-break spaces."""
    expected, sink = Recorder(), Recorder()
    error = {"errorType": one.error_type, "errorMessage": one.message, "stackTrace": one.stack_trace}
    log_error(error, expected)
    Journal(config(), Identity(alone=True), sink).error(one, "rid")

    assert expected.errors == sink.errors


@pytest.mark.parametrize("environment", ["", "AWS_Lambda_python3.13"], ids=["ascii", "utf-8"])
@pytest.mark.parametrize("one", FAULTS, ids=range(len(FAULTS)))
def test_an_uncaught_error_is_told_in_the_official_object(one: Fault, environment: str) -> None:
    """JSON: time, level, and the error object in the encoding of results."""
    script = (
        "import json, sys, time\n"
        "from awslambdaric import bootstrap\n"
        "time.strftime = lambda *_: '2026-11-23T03:07:08Z'\n"
        "class Sink:\n"
        "    def log_error(self, lines): sys.stdout.write(json.dumps(lines))\n"
        "bootstrap.log_error(json.load(sys.stdin), Sink())\n"
    )
    error = {
        "errorMessage": one.message,
        "errorType": one.error_type,
        "requestId": "rid",
        "stackTrace": one.stack_trace,
    }
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_EXECUTION_ENV": environment},
        input=json.dumps(error),
        capture_output=True,
        text=True,
        check=True,
    )
    sink = Recorder()
    Journal(
        config(AWS_LAMBDA_LOG_FORMAT="JSON", AWS_EXECUTION_ENV=environment), Identity(alone=True), sink
    ).error(one, "rid")

    stamp = len('{"timestamp": "2026-11-23T03:07:08Z"')
    assert [line[stamp:] for line in json.loads(ran.stdout)] == [line[stamp:] for line in sink.errors[0]]


def test_text_is_written_as_it_is() -> None:
    """`context.log` adds nothing, not even a newline."""
    sink = Recorder()
    Journal(config(), Identity(alone=True), sink).write("text")

    assert sink.written == [("text", None)]


def test_notes_go_through_logging_where_the_function_uses_it(caplog: pytest.LogCaptureFixture) -> None:
    """The function's own handlers and filters see the runtime's notes."""
    Journal(config(), Identity(alone=True), Recorder()).note(30, "refused")

    assert caplog.record_tuples == [("aioric", logging.WARNING, "refused")]


def test_notes_are_written_where_the_functions_own_logging_fails() -> None:
    """A filter or a handler that raises keeps no note out of the log, and ends nothing of the runtime's."""

    def refuse(_record: logging.LogRecord) -> bool:
        raise ValueError("no")

    logger, sink = logging.getLogger("aioric"), Recorder()
    logger.addFilter(refuse)
    try:
        Journal(config(), Identity(alone=True), sink).note(30, "refused")
    finally:
        logger.removeFilter(refuse)

    ((line,),) = sink.errors
    assert line.startswith("[WARNING]\t")
    assert line.endswith("\trefused")


@pytest.fixture
def _no_logging(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a function that never imported `logging`."""
    monkeypatch.delitem(sys.modules, "logging")


@pytest.mark.usefixtures("_no_logging")
@pytest.mark.parametrize(
    ("environment", "frame", "line"),
    [
        ({}, None, "[WARNING]\t{}\trid\tnote \u2713\n"),
        ({"AWS_LAMBDA_LOG_LEVEL": "info"}, TEXT_FRAMES[30], "[WARNING]\t{}\trid\tnote \u2713\n"),
        (
            {"AWS_LAMBDA_LOG_FORMAT": "JSON"},
            JSON_FRAMES[30],
            (
                '{{"timestamp": "{}", "level": "WARNING", "message": "note \u2713", "logger": "aioric", '
                '"requestId": "rid", "tenantId": "t"}}\n'
            ),
        ),
    ],
)
def test_notes_look_like_records_without_logging(
    environment: dict[str, str], frame: bytes | None, line: str
) -> None:
    """Where `logging` was never imported the same bytes are made without it."""
    sink, identity = Recorder(), Identity(alone=True)
    identity.enter(Invocation("rid", b"", tenant_id="t"))
    Journal(config(**environment), identity, sink).note(30, "note \u2713")
    ((written, frame_type),) = sink.written
    start = line.index("{}") if "{{" not in line else len('{"timestamp": "')
    stamp = written[start:].split("\t")[0] if "\t" in line else written[start:].split('"')[0]

    assert line.format(stamp) == written
    assert len(stamp) == len("2026-11-23T03:07:08Z" if "{{" in line else "2026-11-23T03:07:08.131Z")
    assert frame == frame_type


@pytest.mark.usefixtures("_no_logging")
@pytest.mark.parametrize("environment", [{}, {"AWS_LAMBDA_LOG_FORMAT": "JSON"}], ids=["text", "json"])
def test_notes_outside_of_an_invocation_have_an_empty_request_id(environment: dict[str, str]) -> None:
    """During init there is nothing to refer to."""
    sink = Recorder()
    Journal(config(**environment), Identity(alone=True), sink).note(40, "x")

    assert ("\t\tx\n" in sink.written[0][0]) or ('"requestId": ""}\n' in sink.written[0][0])


@pytest.mark.usefixtures("_no_logging")
@pytest.mark.parametrize(("level", "shown"), [("", 2), ("DEBUG", 3), ("ERROR", 1), ("LOUD", 2)])
def test_notes_below_the_configured_level_are_not_written(level: str, shown: int) -> None:
    """The level is the root logger's: WARNING if none is configured."""
    sink = Recorder()
    journal = Journal(config(AWS_LAMBDA_LOG_LEVEL=level), Identity(alone=True), sink)
    for one in (20, 30, 40):
        journal.note(one, "x")

    assert shown == len(sink.written)


@pytest.mark.usefixtures("_no_logging")
def test_notes_end_nothing_where_the_log_is_closed() -> None:
    """A sink that fails costs the note and no more."""

    class Closed(Recorder):
        def log(self, msg: str, frame_type: bytes | None = None) -> None:
            raise OSError(9, msg, frame_type)

    sink = Closed()
    Journal(config(AWS_LAMBDA_LOG_FORMAT="JSON"), Identity(alone=True), sink).note(30, "x")

    assert json.loads(sink.errors[0][0])["message"] == "x"


def test_levels_are_those_of_logging() -> None:
    """The names that can be configured are the interpreter's."""
    assert {name: logging.getLevelName(name) for name in LEVELS} == LEVELS


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1"])
def test_a_preview_is_announced_in_the_official_words(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, region: str
) -> None:
    """The warning names the documentation of the part of the world that the function runs in."""
    monkeypatch.setenv("AWS_REGION", region)
    settings = config(AWS_EXECUTION_ENV="AWS_Lambda_python3.15", AWS_REGION=region)
    Journal(settings, Identity(alone=True), Recorder()).warn_preview(settings)

    assert caplog.record_tuples == [("root", logging.WARNING, get_lambda_preview_runtime_warning_message())]


@pytest.mark.parametrize(
    ("environment", "announce"), [("AWS_Lambda_python3.14", True), ("AWS_Lambda_python3.15", False)]
)
def test_nothing_is_announced_without_need(
    caplog: pytest.LogCaptureFixture, environment: str, *, announce: bool
) -> None:
    """Released versions are no previews, and the warning can be turned off."""
    settings = config(AWS_EXECUTION_ENV=environment)
    journal = Journal(settings, Identity(alone=True), Recorder(), announce_preview=announce)
    journal.warn_preview(settings)

    assert caplog.record_tuples == []


def test_a_failed_init_is_explained_in_the_official_words(caplog: pytest.LogCaptureFixture) -> None:
    """The warning is the one that people search their logs for."""
    Journal(config(), Identity(alone=True), Recorder()).warn_init_failure()

    assert caplog.record_tuples == [("root", logging.WARNING, lambda_unhandled_exception_warning_message)]


def test_a_described_exception_can_be_told() -> None:
    """What `describe` makes fits what the journal tells."""
    sink = Recorder()
    Journal(config(), Identity(alone=True), sink).error(describe(ValueError("x"), "rid"), "rid")

    assert sink.errors == [["[ERROR] ValueError: x", "Traceback (most recent call last):"]]
