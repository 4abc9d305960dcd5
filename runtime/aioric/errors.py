"""Every exception that aioric raises, by whose fault it is.

    AioricError
    ├── PlatformFault              the Runtime API, or the way to it
    │   ├── NotInLambda            nothing says where the Runtime API is
    │   ├── MalformedResponse      bytes that are not the HTTP/1.1 we were promised
    │   │   └── LimitExceeded      a part of a response is larger than we accept
    │   ├── ConnectionLost         the peer went away, or was never there
    │   ├── PeerGone               nobody takes the rest of a stream
    │   └── PlatformRefused        an answer after which no further invocation can be served
    └── FunctionFault              the function, its package, or its settings
        ├── InvalidConfiguration   an environment variable that we cannot obey
        ├── MalformedHandlerName · BuiltInModuleConflict · ImportModuleError
        ├── UserCodeSyntaxError · HandlerNotFound · HandlerNotCallable
        ├── UnmarshalError · MarshalError · LambdaContextUnmarshalError
        ├── InvalidStream          a piece, header or status that cannot be streamed
        ├── StreamCut              the invocation's time is over before its stream is
        ├── DeadlineExceeded       the invocation's time is over before its coroutine is
        └── LifespanFailed         a lifespan did not come to its `yield`
    Interrupted                    no `Exception`: what runs on the main thread has to end now

A `FunctionFault` carries the `error_type` that the caller and the platform's metrics see.
Source of the names: awslambdaric 4.2.2, observed on the wire; those it lacks are marked.
"""

from __future__ import annotations


class AioricError(Exception):
    """The root of everything raised by aioric itself."""


class PlatformFault(AioricError):
    """The Runtime API, or the way to it, did not do its part."""


class NotInLambda(PlatformFault):
    """`AWS_LAMBDA_RUNTIME_API` is missing or unusable, so there is nobody to serve."""


class MalformedResponse(PlatformFault):
    """The peer's bytes are not a valid HTTP/1.1 response, or one that lacks what it must have."""


class LimitExceeded(MalformedResponse):
    """A part of a response is larger than we accept; the message names the limit."""


class ConnectionLost(PlatformFault):
    """The connection to the Runtime API could not be opened, or ended in the middle of an exchange."""


class PeerGone(PlatformFault):
    """Raised where a function yields or writes a piece that nobody takes any more.

    The connection was lost, or the platform has answered before the end: the invocation timed out, or
    the stream is larger than it accepts. A function that lets it pass has done its part.
    """


class PlatformRefused(PlatformFault):
    """The platform's answer means that this process can serve no further invocation.

    Attributes:
        status: The HTTP status, e.g. 500 or 403.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class FunctionFault(AioricError):
    """Something is wrong with the function, its package or its settings.

    Attributes:
        error_type: The `errorType` of the report, as AWS spells it.
        message: The `errorMessage` of the report.
        stack_trace: The `stackTrace` of the report: formatted entries, usually none.
    """

    error_type = "Runtime.Unknown"

    def __init__(self, message: str, stack_trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.stack_trace = stack_trace or []


class InvalidConfiguration(FunctionFault):
    """An environment variable holds a value that we cannot obey. Ours, not AWS's."""

    error_type = "Runtime.InvalidConfiguration"


class MalformedHandlerName(FunctionFault):
    """The handler's name has no dot between module and function."""

    error_type = "Runtime.MalformedHandlerName"


class BuiltInModuleConflict(FunctionFault):
    """The handler's module has the name of a module compiled into the interpreter."""

    error_type = "Runtime.BuiltInModuleConflict"


class ImportModuleError(FunctionFault):
    """The handler's module, or something that it imports, cannot be imported."""

    error_type = "Runtime.ImportModuleError"


class UserCodeSyntaxError(FunctionFault):
    """The handler's module, or something that it imports, is not valid Python."""

    error_type = "Runtime.UserCodeSyntaxError"


class HandlerNotFound(FunctionFault):
    """The handler's module has no such attribute."""

    error_type = "Runtime.HandlerNotFound"


class HandlerNotCallable(FunctionFault):
    """The handler's name leads to something that cannot be called. Ours: AWS finds out when invoked."""

    error_type = "Runtime.HandlerNotCallable"


class UnmarshalError(FunctionFault):
    """The event is not valid JSON."""

    error_type = "Runtime.UnmarshalError"


class MarshalError(FunctionFault):
    """The handler's result cannot be turned into JSON."""

    error_type = "Runtime.MarshalError"


class LambdaContextUnmarshalError(FunctionFault):
    """The client context or the Cognito identity is not valid JSON."""

    error_type = "Runtime.LambdaContextUnmarshalError"


class InvalidStream(FunctionFault):
    """A piece, a header, a cookie or a status that cannot be streamed; the message names it. Ours."""

    error_type = "Runtime.InvalidStream"


class StreamCut(FunctionFault):
    """The invocation's time is nearly over and its stream is not, so it ends here. Ours."""

    error_type = "Runtime.DeadlineExceeded"


class DeadlineExceeded(FunctionFault):
    """A coroutine that was cancelled shortly before its invocation's deadline. Ours."""

    error_type = "Runtime.DeadlineExceeded"


class LifespanFailed(FunctionFault):
    """A lifespan raised an exception before its `yield`, or has none to offer. Ours."""

    error_type = "Runtime.LifespanError"


class Interrupted(BaseException):  # no `Exception`, so that a function's own handling of errors lets it pass
    """Raised within what runs on the main thread when its time is over, or the environment's is."""
