"""What the runtime itself has to say in the log: uncaught errors, warnings, notes.

`logging` may never have been imported, so lines are made here, in the bytes that it would give.
"""

from __future__ import annotations

import sys
from _json import encode_basestring, encode_basestring_ascii
from time import gmtime, strftime, time

from aioric.logs.sinks import JSON_FRAMES, NO_BREAK_SPACE, TEXT_FRAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from aioric.config import Config
    from aioric.function.faults import Fault
    from aioric.identity import Identity
    from aioric.logs.sinks import Sink
    from aioric.messages import Invocation

# The names that AWS_LAMBDA_LOG_LEVEL may have, as `logging` knows them; of two, the later is shown.
LEVELS = {
    "NOTSET": 0,
    "DEBUG": 10,
    "INFO": 20,
    "WARN": 30,
    "WARNING": 30,
    "ERROR": 40,
    "FATAL": 50,
    "CRITICAL": 50,
}
_LEVEL_NAMES = {level: name for name, level in LEVELS.items()}
_WARNING = 30

_PREVIEW_ENVIRONMENTS = frozenset(["AWS_Lambda_python3.15"])
_PREVIEW_WARNING = (
    "LAMBDA_WARNING: This is a preview runtime version and should not be used for production workloads. "
    "For further information and to provide feedback, see "
    "https://{domain}/lambda/latest/dg/lambda-runtimes.html\r"
)
_INIT_FAILURE_WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. "
    "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. "
    "For functions using managed runtimes, runtime updates can be triggered by a function change, "
    "or can be applied automatically. To determine if the runtime has been updated, check the runtime "
    "version in the INIT_START log entry. If this error correlates with a change in the runtime "
    "version, you may be able to mitigate this error by temporarily rolling back to the previous "
    "runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


class Journal:
    """The runtime's own voice in the function's log.

    Args:
        config: Format and level of the log.
        identity: Which invocation a line belongs to.
        sink: Where the lines go.
        announce_preview: Whether the function's author wants to hear of preview versions.

    Attributes:
        settle: What to call, if anything, with each invocation that is over: it writes what the
            function has printed and not ended with a newline.
    """

    __slots__ = ("_announce_preview", "_config", "_identity", "_sink", "settle")

    def __init__(
        self, config: Config, identity: Identity, sink: Sink, *, announce_preview: bool = True
    ) -> None:
        self._announce_preview = announce_preview
        self._config = config
        self._identity = identity
        self._sink = sink
        self.settle: Callable[[Invocation], None] | None = None

    def write(self, text: str) -> None:
        """Write `text` as it is: `context.log`."""
        self._sink.log(text)

    def error(self, fault: Fault, request_id: str) -> None:
        """Report an error that the function did not catch; never fails."""
        if self._config.json_logs:
            self._sink.log_error([self._json_error(fault, request_id)])
        else:
            self._sink.log_error(_text_error(fault))

    def note(self, level: int, message: str) -> None:
        """Tell the function's author something about the runtime, as a record of the logger `aioric`.

        Never fails, whatever the function has done to its log: nothing that the runtime does may depend on
        whether it can say so.

        Args:
            level: A level of `logging`, e.g. 30 for a warning.
            message: One line.
        """
        self._record("aioric", level, message)

    def warn_preview(self, config: Config) -> None:
        """Warn that the execution environment is a preview, if it is and nobody minds being told."""
        if self._announce_preview and config.execution_env in _PREVIEW_ENVIRONMENTS:
            china = config.region.startswith("cn-")
            domain = "docs.amazonaws.cn" if china else "docs.aws.amazon.com"
            self._record("root", _WARNING, _PREVIEW_WARNING.format(domain=domain))

    def warn_init_failure(self) -> None:
        """Say what may be behind a failed init, in AWS's words."""
        self._record("root", _WARNING, _INIT_FAILURE_WARNING)

    def _record(self, logger: str, level: int, message: str) -> None:
        logging: Any = sys.modules.get("logging")
        make = self.json_line if self._config.json_logs else self._text_line
        line = make(logger, level, message, self._identity.current())
        try:
            if logging is not None:
                logging.getLogger(None if logger == "root" else logger).log(level, message)
            elif level >= LEVELS.get(self._config.log_level, _WARNING):
                framed_by_level = self._config.json_logs or self._config.log_level
                frames = JSON_FRAMES if self._config.json_logs else TEXT_FRAMES
                self._sink.log(line, frames.get(level // 10 * 10) if framed_by_level else None)
        except Exception:  # noqa: BLE001 - a closed descriptor, a filter or handler of the function's own
            self._sink.log_error([line.rstrip("\n")])

    def _text_line(self, _logger: str, level: int, message: str, invocation: Invocation | None) -> str:
        now = time()
        request_id = invocation.request_id if invocation else ""
        stamp = f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(now))}.{int(now % 1 * 1000):03d}Z"
        return f"[{_LEVEL_NAMES.get(level, f'Level {level}')}]\t{stamp}\t{request_id}\t{message}\n"

    def json_line(self, logger: str, level: int, message: str, invocation: Invocation | None) -> str:
        """A record in JSON, with its newline, as `logging` would write it during the invocation."""
        fields = {
            "timestamp": _seconds(),
            "level": _LEVEL_NAMES[min(level, 50) // 10 * 10],
            "message": message,
            "logger": logger,
            "requestId": invocation.request_id if invocation else "",
        }
        if invocation and invocation.tenant_id is not None:
            fields["tenantId"] = invocation.tenant_id
        return (
            f"{{{', '.join(f'{encode_basestring(k)}: {encode_basestring(v)}' for k, v in fields.items())}}}\n"
        )

    def _json_error(self, fault: Fault, request_id: str) -> str:
        quote = encode_basestring_ascii if self._config.ascii_json else encode_basestring
        trace = ", ".join(map(quote, fault.stack_trace))
        return (
            f'{{"timestamp": "{_seconds()}", "level": "ERROR", "errorMessage": {quote(fault.message)}, '
            f'"errorType": {quote(fault.error_type)}, "requestId": {quote(request_id)}, '
            f'"stackTrace": [{trace}]}}'
        )


def _text_error(fault: Fault) -> list[str]:
    description = "[ERROR]"
    if fault.error_type:
        description += f" {fault.error_type}{':' if fault.message else ''}"
    if fault.message:
        description += f" {fault.message}"
    lines = [description, "Traceback (most recent call last):"]
    for entry in fault.stack_trace:
        # No-break spaces, because the console folds ordinary ones at the start of a line.
        lines += [_unfoldable(line) for line in entry.splitlines()] or [""]
    return lines


def _unfoldable(line: str) -> str:
    text = line.lstrip(" ")
    return NO_BREAK_SPACE * (len(line) - len(text)) + text


def _seconds() -> str:
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())
