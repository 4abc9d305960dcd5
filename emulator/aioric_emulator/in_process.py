"""A handler called in this very process, through the steps that the runtime itself takes.

For fast unit tests: events are decoded, contexts made, results encoded and failures described as in a
function, but there is no process, no socket, no time limit, and one copy of everything at module level.
What a handler logs goes where this process logs; a result's `logs` are the runtime's own lines.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from aioric.config import Config
from aioric.function import loader
from aioric.function.context import LambdaContext
from aioric.function.payload import Codec
from aioric.function.steps import Function
from aioric.function.tracing import TraceId
from aioric.identity import Identity
from aioric.logs.journal import Journal
from aioric.messages import Buffered, Failed, Invocation, Streamed
from aioric_emulator.calls import new_id, new_trace_id
from aioric_emulator.results import InvokeResult, Report

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LocalFunction", "lambda_context"]


class Lines:
    """A sink that keeps what a function logs, for the invocation that is running."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def log(self, msg: str, _frame_type: bytes | None = None) -> None:
        """Keep a message."""
        self.kept += msg.rstrip("\n").split("\n")

    def log_error(self, lines: list[str]) -> None:
        """Keep an error's lines as one message."""
        self.kept.append("\n".join(lines))


class LocalFunction:
    """A handler, or the name of one that can be imported here.

    `timeout` is in seconds and only told to the handler, which nothing stops. `memory` is in MB, and only
    told as well. Raises what the handler's import raises, and `aioric`'s own faults for a wrong name.
    """

    def __init__(
        self,
        handler: str | Callable[..., Any],
        *,
        name: str = "function",
        timeout: float = 3.0,
        memory: int = 128,
        region: str = "us-east-1",
    ) -> None:
        self._handler = loader.load(handler) if isinstance(handler, str) else handler
        self._is_async = loader.kind(self._handler) in {loader.ASYNC, loader.ASYNC_GENERATOR}
        self._arn = f"arn:aws:lambda:{region}:123456789012:function:{name}"
        self._timeout = timeout
        facts = {"AWS_LAMBDA_FUNCTION_NAME": name, "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST"}
        facts |= {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory), "AWS_REGION": region}
        facts |= {"AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}", "AWS_LAMBDA_LOG_STREAM_NAME": "local"}
        # Nothing is asked of the Runtime API; the configuration wants its address all the same.
        self._config = Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", **facts}, "local.handler")

    def context(self, **facts: Any) -> LambdaContext:
        """Give a context as the handler gets it, for a call by hand; `facts` are those of `invoke`."""
        return LambdaContext(self._invocation(None, **facts), self._config)

    def invoke(self, payload: object = None, **facts: Any) -> InvokeResult:
        """Call the handler and wait, also for one that is a coroutine function.

        `facts` are `client_context`, `tenant_id`, `trace_id`, `request_id` and `cognito_identity`. Not to be
        called where an event loop runs: that is `invoke_async`.
        """
        if self._is_async:
            return asyncio.run(self.invoke_async(payload, **facts))
        # In a context of its own: what the invocation sets there must not outlive it in the test's.
        return copy_context().run(self._call, payload, facts)

    def _call(self, payload: object, facts: dict[str, Any]) -> InvokeResult:
        lines, invocation = Lines(), self._invocation(payload, **facts)
        started = time.perf_counter()
        answer = self._function(lines).run(invocation)
        pieces: list[bytes] = []
        if isinstance(answer, Streamed):
            failed = answer.pieces.pour(pieces.append)
            answer = failed or Buffered(answer.prelude + b"".join(pieces), answer.content_type)
        return self._result(invocation, answer, lines, started)

    async def invoke_async(self, payload: object = None, **facts: Any) -> InvokeResult:
        """Call the handler on the running event loop; one that is a plain function blocks it, as it would.

        `facts` are those of `invoke`.
        """
        return await asyncio.create_task(self._call_async(payload, facts))  # in a context of its own

    async def _call_async(self, payload: object, facts: dict[str, Any]) -> InvokeResult:
        lines, invocation = Lines(), self._invocation(payload, **facts)
        started = time.perf_counter()
        function = self._function(lines)
        if not self._is_async:
            answer = await asyncio.to_thread(function.run, invocation)
            pieces: list[bytes] = []
            if isinstance(answer, Streamed):
                failed = await asyncio.to_thread(answer.pieces.pour, pieces.append)
                answer = failed or Buffered(answer.prelude + b"".join(pieces), answer.content_type)
            return self._result(invocation, answer, lines, started)
        answer = await function.run_async(invocation)
        if isinstance(answer, Streamed):
            sink = Sink()
            failed = await answer.pieces.pour(sink.ready, sink.write, sink.ready)
            answer = failed or Buffered(answer.prelude + b"".join(sink.pieces), answer.content_type)
        return self._result(invocation, answer, lines, started)

    def _function(self, lines: Lines) -> Function:
        # Not alone: other calls may run beside it in other tasks and threads, and the environment variable
        # of the trace id stays the test's own.
        identity = Identity(alone=False)
        journal = Journal(self._config, identity, lines)
        codec = Codec(ascii_json=True)
        return Function(self._handler, self._config, codec, identity, TraceId(identity), journal, asyncio.run)

    def _invocation(
        self,
        payload: object,
        *,
        client_context: object = None,
        cognito_identity: object = None,
        tenant_id: str | None = None,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return Invocation(
            request_id or new_id(),
            body,
            "application/json",
            int((time.time() + self._timeout) * 1000),
            self._arn,
            trace_id or new_trace_id(),
            None,
            None if client_context is None else json.dumps(client_context),
            None if cognito_identity is None else json.dumps(cognito_identity),
            tenant_id,
        )

    def _result(
        self, invocation: Invocation, answer: Buffered | Failed, lines: Lines, started: float
    ) -> InvokeResult:
        duration = (time.perf_counter() - started) * 1000
        is_error = isinstance(answer, Failed)
        error_type = answer.error_type if isinstance(answer, Failed) else ""
        return InvokeResult(
            invocation.request_id,
            answer.body,
            answer.content_type if isinstance(answer, Buffered) else "application/json",
            "Unhandled" if is_error else None,
            Report(duration, 0.0, None, "success", error_type),
            lines.kept,
        )


def lambda_context(
    *,
    name: str = "function",
    timeout: float = 3.0,
    memory: int = 128,
    region: str = "us-east-1",
    **facts: Any,
) -> LambdaContext:
    """Give the context of an invocation of any function, for a handler that is called by hand.

    `timeout` is in seconds from now, `memory` in MB; `facts` are those of `LocalFunction.invoke`.
    """
    function = LocalFunction(len, name=name, timeout=timeout, memory=memory, region=region)
    return function.context(**facts)


class Sink:
    """Takes the pieces of a stream on an event loop."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    async def ready(self) -> None:
        """There is always room."""

    def write(self, piece: bytes) -> bool:
        """Keep a piece."""
        self.pieces.append(piece)
        return False
