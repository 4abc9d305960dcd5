"""What monitoring tools replace in the official client, for those tools to find and replace here.

They look for a module `bootstrap` in `__main__`; it is this one, imported when the first of them asks.
Nothing is called `awslambdaric` and nothing is put into `sys.modules` under a name that is not ours.
A function for which nobody asked pays nothing and is called directly.
"""

from __future__ import annotations

import sys

from aioric.function.loader import ASYNC, SYNC, kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from aioric.function.context import LambdaContext
    from aioric.function.faults import Fault


def handle_event_request(
    client: LambdaRuntimeClient, request_handler: Callable[..., Any], *arguments: Any
) -> None:
    """Call the handler and keep its outcome. Tools replace this to put a handler of theirs around it."""
    try:
        client.result = request_handler(*arguments)
    except Exception as error:  # noqa: BLE001 - it is raised again, out of sight of the tools
        client.error = error


class LambdaRuntimeClient:
    """The outcome of one invocation, and the moments before it leaves.

    Tools replace the methods, to send what they hold.
    """

    def __init__(self) -> None:
        self.result: Any = None
        self.error: Exception | None = None

    def post_invocation_result(self, *_: object) -> None:
        """The function has answered."""

    def post_invocation_error(self, *_: object) -> None:
        """The function has failed."""

    def post_init_error(self, *_: object) -> None:
        """The function could not be started."""


def route(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler, called by way of what tools may have replaced; a generator is left as it is."""
    way = {SYNC: _routed, ASYNC: _routed_async}.get(kind(handler))
    return handler if way is None else way(handler)


def _routed(handler: Callable[..., Any]) -> Callable[[Any, LambdaContext], Any]:
    def call(event: Any, context: LambdaContext) -> Any:
        client = LambdaRuntimeClient()
        # Looked up each time: a tool may come late, and another one may follow.
        sys.modules[__name__].handle_event_request(client, handler, event, context)
        if client.error is not None:
            client.post_invocation_error(context.aws_request_id)
            raise client.error
        client.post_invocation_result(context.aws_request_id)
        return client.result

    return call


def _routed_async(
    handler: Callable[..., Coroutine[Any, Any, Any]],
) -> Callable[[Any, LambdaContext], Coroutine[Any, Any, Any]]:
    """The tools know plain functions only, so the outcome is shown to them once it is there.

    They report failures as ever; their measurements of time cover nothing.
    """

    async def call(event: Any, context: LambdaContext) -> Any:
        try:
            result = await handler(event, context)
        except Exception as error:
            _show(error, event, context)
            raise
        return _routed(lambda _event, _context: result)(event, context)

    return call


def _show(failure: Exception, event: Any, context: LambdaContext) -> None:
    """Let the tools see a failure, and leave its traceback as it was."""
    traceback = failure.__traceback__

    def fail(_event: Any, _context: LambdaContext) -> None:
        raise failure

    try:  # noqa: SIM105 - without importing contextlib
        _routed(fail)(event, context)
    except Exception:  # noqa: BLE001, S110 - what they make of it is theirs
        pass
    failure.__traceback__ = traceback


def init_failed(fault: Fault) -> None:
    """Tell the tools, which may ask `sys.exc_info()` for more, that the function cannot be started."""
    report = {
        "errorMessage": fault.message,
        "errorType": fault.error_type,
        "requestId": "",
        "stackTrace": fault.stack_trace,
    }
    LambdaRuntimeClient().post_init_error(report)
