"""The platform's handler for `logging`: records as text or as JSON. Imported after `logging` itself.

Handler, filter and formatter classes carry the names that awslambdaric gives them, because
libraries look for those.
Source: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
"""

from __future__ import annotations

import logging
import time
from _json import encode_basestring, make_encoder

from aioric.function.aside import import_stdlib
from aioric.logs.journal import LEVELS
from aioric.logs.sinks import JSON_FRAMES, TEXT_FRAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aioric.config import Config
    from aioric.identity import Identity
    from aioric.logs.sinks import Sink

# What a record carries for its formatter's own use; everything else was put there by the function.
_RESERVED = frozenset(
    [
        *("name", "msg", "args", "levelname", "levelno", "pathname", "filename", "module", "lineno"),
        *("funcName", "exc_info", "exc_text", "stack_info", "created", "msecs", "relativeCreated"),
        *("thread", "threadName", "processName", "process", "aws_request_id", "tenant_id", "_frame_type"),
        # Not reserved by awslambdaric, which never runs a task: every record of a coroutine would show it.
        "taskName",
    ]
)


def attach_handler(root: logging.Logger, config: Config, identity: Identity, sink: Sink) -> None:
    """Give the root logger the platform's handler, and its level if one is configured.

    All formatters of the process write UTC from now on, as they do under awslambdaric.
    """
    logging.Formatter.converter = time.gmtime
    kind = LambdaLoggerHandlerWithFrameType if config.json_logs or config.log_level else LambdaLoggerHandler
    handler = kind(sink)
    handler.setFormatter(JsonFormatter() if config.json_logs else _text_formatter())
    handler.addFilter(LambdaLoggerFilter(identity))
    if config.log_level in LEVELS:
        root.setLevel(config.log_level)
    root.addHandler(handler)


class LambdaLoggerHandler(logging.Handler):
    """Writes records to the platform; without a frame type, since no level is configured to filter by."""

    def __init__(self, log_sink: Sink) -> None:
        super().__init__()
        self.log_sink = log_sink

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record. A record that cannot be formatted is `logging`'s trouble, not the caller's."""
        try:
            self.log_sink.log(self.format(record), self._frame_type(record))
        except Exception:  # noqa: BLE001 - the contract of logging.Handler
            self.handleError(record)

    def _frame_type(self, _record: logging.LogRecord) -> bytes | None:
        return None


class LambdaLoggerHandlerWithFrameType(LambdaLoggerHandler):
    """Writes records to the platform, in frames that tell their level."""

    def _frame_type(self, record: logging.LogRecord) -> bytes | None:
        return getattr(record, "_frame_type", None) or TEXT_FRAMES.get(_rounded_level(record))


class LambdaLoggerFilter(logging.Filter):
    """Lets every record pass, and writes on it which invocation it belongs to."""

    def __init__(self, identity: Identity) -> None:
        super().__init__()
        self._identity = identity

    def filter(self, record: logging.LogRecord) -> bool:
        """Set `aws_request_id` (`""` outside of invocations) and `tenant_id` (`None` if there is none)."""
        invocation = self._identity.current()
        record.aws_request_id = invocation.request_id if invocation else ""
        record.tenant_id = invocation.tenant_id if invocation else None
        return True


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def __init__(self) -> None:
        super().__init__(datefmt="%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        """The line, with its newline."""
        record.levelno = _rounded_level(record)
        record.levelname = logging.getLevelName(record.levelno)
        record._frame_type = JSON_FRAMES[record.levelno]  # noqa: SLF001 - the handler's, on its record
        is_object = isinstance(record.msg, dict) and not record.args
        fields: dict[str, Any] = {
            "timestamp": self.formatTime(record, self.datefmt),
            "level": record.levelname,
            "message": record.msg if is_object else record.getMessage(),
            "logger": record.name,
            **_error_fields(record),
            "requestId": getattr(record, "aws_request_id", None),
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if record.exc_info else None,
        }
        if (tenant_id := getattr(record, "tenant_id", None)) is not None:
            fields["tenantId"] = tenant_id
        for name, value in record.__dict__.items():
            if name not in _RESERVED:
                fields.setdefault(name, value)
        return _encode({name: value for name, value in fields.items() if value is not None}) + "\n"


def _text_formatter() -> logging.Formatter:
    # The newline belongs to the format, so an exception's text follows it and ends without one.
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    return logging.Formatter(text, "%Y-%m-%dT%H:%M:%S")


def _rounded_level(record: logging.LogRecord) -> int:
    """The level of a frame: a multiple of ten from 0 to 50."""
    return min(50, max(0, record.levelno)) // 10 * 10


def _error_fields(record: logging.LogRecord) -> dict[str, Any]:
    # `exc_info=True` outside of an `except` gives a tuple of three `None`.
    if not record.exc_info or record.exc_info[0] is None:
        # Named all the same: a function's `extra` fields of these names are not shown in their place.
        return {"stackTrace": None, "errorType": None, "errorMessage": None}
    kind, error, traceback = record.exc_info
    return {
        "stackTrace": import_stdlib("traceback").format_tb(traceback),
        "errorType": kind.__name__,
        "errorMessage": str(error),
    }


def _encode(fields: dict[str, Any]) -> str:
    encoder = make_encoder({}, str, encode_basestring, None, ": ", ", ", False, False, True)
    return "".join(encoder(fields, 0))
