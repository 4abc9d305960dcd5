"""What went wrong in a function, as the caller, the log and X-Ray are told.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror
"""

from __future__ import annotations

import os
import sys
from _json import encode_basestring_ascii as _quote

from aioric.errors import FunctionFault
from aioric.function.payload import encode_utf8
from aioric.function.stack import Frame, format_frames, frames_of
from aioric.messages import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aioric.function.payload import Codec

# The platform keeps a cause of up to 64 KiB and cuts a larger one so that nothing useful remains.
_XRAY_LIMIT = 65_536
# What the longest message may take of that.
_XRAY_MESSAGE_LIMIT = 16_384


class Fault:
    """A failure, described.

    Attributes:
        error_type: The exception's class name, or AWS's name for the fault.
        message: What the exception says.
        request_id: The failed invocation, `""` if it was the init phase.
        stack_trace: Formatted entries, outermost call first.
    """

    __slots__ = ("_frames", "_xray_type", "error_type", "message", "request_id", "stack_trace")

    def __init__(
        self,
        error_type: str,
        message: str,
        request_id: str,
        stack_trace: list[str],
        frames: list[Frame],
        xray_type: str,
    ) -> None:
        self.error_type = error_type
        self.message = message
        self.request_id = request_id
        self.stack_trace = stack_trace
        self._frames = frames
        self._xray_type = xray_type

    def failed(self, codec: Codec) -> Failed:
        """The answer to the platform."""
        body = codec.encode_text(
            {
                "errorMessage": self.message,
                "errorType": self.error_type,
                "requestId": self.request_id,
                "stackTrace": self.stack_trace,
            }
        )
        return Failed(encode_utf8(body), self.error_type, self.xray_cause())

    def xray_cause(self) -> bytes:
        """One line of ASCII JSON, at most 64 KiB: frames in the middle go first, then the message's end.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html (X-Ray error cause)
        """
        cause = self._xray_cause(self.message, self._frames)
        if len(cause) <= _XRAY_LIMIT:
            return cause
        message = self.message
        while len(_quote(message)) > _XRAY_MESSAGE_LIMIT:
            message = message[: len(message) // 2]
        frames = self._frames
        while len(cause := self._xray_cause(message, frames)) > _XRAY_LIMIT:
            # Keep both ends: where it began, and where it failed.
            keep = len(frames) * 3 // 8
            frames = frames[:keep] + frames[len(frames) - keep :]
        return cause

    def _xray_cause(self, message: str, frames: list[Frame]) -> bytes:
        stack = ", ".join(
            f'{{"label": {_quote(frame.name)}, "path": {_quote(frame.path)}, "line": {frame.line or 0}}}'
            for frame in frames
        )
        # Each path once, in the order of their calls.
        paths = ", ".join(map(_quote, dict.fromkeys(frame.path for frame in frames)))
        exception = f'{{"message": {_quote(message)}, "type": {_quote(self._xray_type)}, "stack": [{stack}]}}'
        cause = (
            f'{{"working_directory": {_quote(_working_directory())}, '
            f'"exceptions": [{exception}], "paths": [{paths}]}}'
        )
        return cause.encode("ascii")


def describe(exception: BaseException, request_id: str = "", _codec: Codec | None = None) -> Fault:
    """Describe a failed invocation, or with no `request_id` a failed init.

    Must not fail itself, whatever the exception's own methods do.
    """
    if isinstance(exception, FunctionFault):
        return Fault(
            exception.error_type,
            exception.message,
            request_id,
            exception.stack_trace,
            [],
            "LambdaValidationError",
        )
    error_type = _name_of(type(exception))
    frames = frames_of(exception.__traceback__)
    return Fault(error_type, _message_of(exception), request_id, format_frames(frames), frames, error_type)


def cancellation() -> type[BaseException] | tuple[()]:
    """What a coroutine raises that was cancelled: no `Exception`, and no reason to end the process.

    Asked by an `except` that nothing else has matched. Who never imported asyncio never raises it.
    """
    exceptions: Any = sys.modules.get("asyncio.exceptions")
    return () if exceptions is None else exceptions.CancelledError


def explain_exit(error: SystemExit) -> FunctionFault:
    """What to report of a function that ended the process during init."""
    fault = FunctionFault(f"The function ended the process while it was imported: sys.exit({error.code!r})")
    fault.error_type = "Runtime.ExitError"
    return fault


def _message_of(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception:  # noqa: BLE001 - a function's own `__str__`
        return f"<unprintable {_name_of(type(exception))} object>"


def _name_of(kind: type[BaseException]) -> str:
    try:
        return str(kind.__name__)
    except Exception:  # noqa: BLE001 - a property of the class's own metaclass
        return "Exception"


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - pathlib costs more to import than this runtime
    except OSError:
        return ""
