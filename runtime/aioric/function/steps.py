"""What happens to one invocation, step by step: prepare, call, succeed or fail.

The drivers call these and decide nothing themselves, so that a handler is treated alike whether it
runs on the main thread, on an event loop or in a worker process.
"""

from __future__ import annotations

from aioric.function.context import LambdaContext
from aioric.function.faults import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from aioric.config import Config
    from aioric.function.payload import Codec
    from aioric.function.tracing import TraceId
    from aioric.identity import Identity
    from aioric.logs.setup import Journal
    from aioric.messages import Buffered, Failed, Invocation


async def _nothing() -> None: ...


_coroutine = _nothing()
_COROUTINE = type(_coroutine)  # `types.CoroutineType`, without the import
_coroutine.close()


class Function:
    """A loaded handler and all it takes to serve it.

    Args:
        handler: What the handler's name led to.
        config: Facts for the context object.
        codec: Reads events and writes results.
        identity: Learns which invocation is running.
        trace_id: Publishes the X-Ray trace id.
        journal: Hears of failures before the platform does, as with the official client.
        complete: Runs a coroutine that a plain `def` handler returned (a decorator around an
            `async def` does that), and returns its result.
    """

    __slots__ = ("_codec", "_complete", "_config", "_handler", "_identity", "_journal", "_trace_id")

    def __init__(
        self,
        handler: Callable[..., Any],
        config: Config,
        codec: Codec,
        identity: Identity,
        trace_id: TraceId,
        journal: Journal,
        complete: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        self._handler = handler
        self._config = config
        self._codec = codec
        self._identity = identity
        self._trace_id = trace_id
        self._journal = journal
        self._complete = complete

    def run(self, invocation: Invocation) -> Buffered | Failed:
        """Serve one invocation with a plain handler."""
        try:
            event, context = self._prepare(invocation)
            result = self._handler(event, context)
            if type(result) is _COROUTINE:
                result = self._complete(result)
            return self._codec.encode(result)
        except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
            return self.fail(invocation, error)

    async def run_async(self, invocation: Invocation) -> Buffered | Failed:
        """Serve one invocation with a coroutine function."""
        try:
            event, context = self._prepare(invocation)
            return self._codec.encode(await self._handler(event, context))
        except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
            return self.fail(invocation, error)

    def _prepare(self, invocation: Invocation) -> tuple[Any, LambdaContext]:
        self._identity.enter(invocation)
        self._trace_id.enter(invocation.trace_id)
        context = LambdaContext(invocation, self._config, self._journal.write)
        return self._codec.decode(invocation.payload, invocation.content_type), context

    def fail(self, invocation: Invocation, error: BaseException) -> Failed:
        """Log the failure and make it the answer."""
        fault = describe(error, invocation.request_id)
        self._journal.error(fault, invocation.request_id)
        return fault.failed(self._codec)
