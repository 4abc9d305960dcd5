"""Records of `logging` are written as awslambdaric writes them; its own handler is asked each time."""

from __future__ import annotations

import copy
import decimal
import json
import logging
import sys
import time
from typing import TYPE_CHECKING

import pytest
from awslambdaric import bootstrap

from aioric.config import Config
from aioric.identity import Identity
from aioric.logs.records import LambdaLoggerHandler, LambdaLoggerHandlerWithFrameType, attach_handler
from aioric.messages import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator


class Recorder:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.written: list[tuple[str, bytes | None]] = []

    def log(self, msg: str, frame_type: bytes | None = None) -> None:
        self.written.append((msg, frame_type))

    def log_error(self, lines: list[str]) -> None:
        self.log("\n".join(lines))


def config(*, json_logs: bool = False, level: str = "") -> Config:
    """A configuration of the log."""
    return Config(
        {
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
            "AWS_LAMBDA_LOG_FORMAT": "json" if json_logs else "Text",
            "AWS_LAMBDA_LOG_LEVEL": level,
        }
    )


@pytest.fixture(autouse=True)
def _converter() -> Iterator[None]:
    converter = logging.Formatter.converter
    yield
    logging.Formatter.converter = converter


def ours(identity: Identity, settings: Config) -> tuple[logging.Handler, Recorder, logging.Logger]:
    """Our handler, its sink, and the root logger that it was attached to."""
    root, sink = logging.RootLogger(logging.WARNING), Recorder()
    attach_handler(root, settings, identity, sink)
    return root.handlers[0], sink, root


def official(settings: Config) -> tuple[logging.Handler, Recorder]:
    """The official handler and its sink."""
    root, sink = logging.getLogger(), Recorder()
    level, log_format = root.level, 0 if settings.json_logs else 1
    bootstrap._setup_logging(log_format, settings.log_level, sink)  # noqa: SLF001 - the oracle
    handler = root.handlers[-1]
    root.removeHandler(handler)
    root.setLevel(level)
    return handler, sink


def record(
    level: int = logging.INFO, message: object = "hello", *args: object, **extra: object
) -> logging.LogRecord:
    """A record of a logger `shop.cart`."""
    made = logging.LogRecord("shop.cart", level, "/var/task/app.py", 7, message, args, None, "handle")
    made.__dict__.update(extra)
    return made


def failing() -> logging.LogRecord:
    """A record with an exception."""
    made = record(logging.ERROR, "it failed")
    try:
        int("x")
    except ValueError:
        made.exc_info = sys.exc_info()
    return made


def with_stack() -> logging.LogRecord:
    """A record with a stack."""
    made = record(logging.ERROR, "here")
    made.stack_info = "Stack (most recent call last):\n  File x"
    return made


RECORDS: dict[str, logging.LogRecord | list[logging.LogRecord]] = {
    "plain": record(),
    "arguments": record(logging.WARNING, "%s of %d", "é✓", 5),
    "mapping argument": record(logging.WARNING, "%(a)s", {"a": 1}),
    "levels": [record(level) for level in (-5, 0, 5, 10, 15, 20, 30, 35, 40, 50, 60, 100)],
    "object": record(logging.INFO, {"event": "x", "nested": {"n": [1, None]}}),
    "object with arguments": record(logging.INFO, {"a": "%s"}, "x"),
    "extra": record(price=decimal.Decimal("1.5"), when=None, user={"id": 1}),
    "extra with our names": record(
        timestamp="then", location="there", requestId="r", tenantId="t", errorType="e", stackTrace=None
    ),
    "exception": failing(),
    "exception with location": [failing(), failing()],
    "stack": with_stack(),
    "not finite": record(logging.INFO, {"x": float("nan")}),
    "integer keys": record(logging.INFO, {1: 2, None: 3}),
    "surrogate": record(logging.INFO, "\ud800"),
}


@pytest.mark.parametrize("level", ["", "INFO", "TRACE", "WARN", "FATAL", "NOTSET", "LOUD"])
@pytest.mark.parametrize("json_logs", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("records", RECORDS.values(), ids=RECORDS.keys())
def test_records_are_written_as_by_the_official_client(
    monkeypatch: pytest.MonkeyPatch,
    records: logging.LogRecord | list[logging.LogRecord],
    level: str,
    *,
    json_logs: bool,
) -> None:
    """Text and frame type are the official client's, in both formats and with any level configured."""
    settings, identity = config(json_logs=json_logs, level=level), Identity(alone=True)
    identity.enter(Invocation("rid", b"", tenant_id="tenant"))
    monkeypatch.setattr(bootstrap, "_GLOBAL_AWS_REQUEST_ID", "rid")
    monkeypatch.setattr(bootstrap, "_GLOBAL_TENANT_ID", "tenant")
    (theirs, expected), (mine, written, _) = official(settings), ours(identity, settings)
    for one in records if isinstance(records, list) else [records]:
        theirs.handle(copy.copy(one))
        mine.handle(copy.copy(one))

    assert expected.written == written.written
    assert type(theirs).__name__ == type(mine).__name__


@pytest.mark.parametrize("json_logs", [False, True], ids=["text", "json"])
def test_a_record_outside_of_an_invocation_has_an_empty_request_id(*, json_logs: bool) -> None:
    """Before the first invocation there is nothing to refer to."""
    settings = config(json_logs=json_logs)
    (theirs, expected), (mine, written, _) = official(settings), ours(Identity(alone=True), settings)
    one = record(tenantId="mine")
    theirs.handle(copy.copy(one))
    mine.handle(copy.copy(one))

    assert expected.written == written.written


def test_the_handler_has_the_official_names() -> None:
    """Libraries look for the class name, and for `log_sink`."""
    plain, sink, root = ours(Identity(alone=True), config())
    levelled, _, _ = ours(Identity(alone=True), config(level="INFO"))

    assert type(plain) is LambdaLoggerHandler
    assert type(levelled) is LambdaLoggerHandlerWithFrameType
    assert plain.log_sink is sink
    assert root.handlers == [plain]


@pytest.mark.parametrize(
    ("level", "expected"),
    [("", 30), ("TRACE", 10), ("debug", 10), ("WARN", 30), ("FATAL", 50), ("NOTSET", 0), ("LOUD", 30)],
)
def test_a_configured_level_is_the_root_loggers(level: str, expected: int) -> None:
    """Levels that `logging` knows are set; without one, and with others, WARNING stays."""
    assert expected == ours(Identity(alone=True), config(level=level))[2].level


def test_times_are_utc() -> None:
    """Every formatter of the process writes UTC, whatever the time zone."""
    ours(Identity(alone=True), config())

    assert logging.Formatter.converter is time.gmtime


def test_the_name_of_a_task_is_not_shown() -> None:
    """`taskName`, which Python puts on records of coroutines, is no business of the log's readers."""
    handler, sink, _ = ours(Identity(alone=True), config(json_logs=True))
    handler.handle(record(taskName="Task-7"))

    assert "taskName" not in json.loads(sink.written[0][0])


def test_exception_information_without_an_exception_is_left_out() -> None:
    """`exc_info=True` outside of an `except` is no reason to fail, as it is officially."""
    handler, sink, _ = ours(Identity(alone=True), config(json_logs=True))
    handler.handle(record(exc_info=(None, None, None)))

    assert json.loads(sink.written[0][0])["message"] == "hello"


@pytest.mark.parametrize(
    "bad",
    [record(logging.INFO, "%d", "x"), record(logging.INFO, {(1, 2): 3})],
    ids=["arguments that do not fit", "keys that JSON lacks"],
)
def test_a_record_that_cannot_be_written_is_not_the_callers_failure(
    capsys: pytest.CaptureFixture[str], bad: logging.LogRecord
) -> None:
    """`logging` complains on standard error; officially the function fails."""
    handler, sink, _ = ours(Identity(alone=True), config(json_logs=True))
    handler.handle(bad)

    assert sink.written == []
    assert "--- Logging error ---" in capsys.readouterr().err
