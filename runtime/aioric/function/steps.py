"""What happens to one invocation, step by step: prepare, call, succeed or fail.

The drivers call these and decide nothing themselves, so that a handler is treated alike whether it
runs on the main thread, on an event loop or in a worker process.
"""

from __future__ import annotations

from aioric.errors import Interrupted
from aioric.function.context import LambdaContext
from aioric.function.faults import cancellation, describe
from aioric.messages import MAX_BRIEF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any, Protocol

    from aioric.config import Config
    from aioric.function.payload import Codec
    from aioric.function.tracing import TraceId
    from aioric.identity import Identity
    from aioric.logs.setup import Journal
    from aioric.messages import Buffered, Failed, Invocation, Streamed

    class Around(Protocol):
        """What goes on around invocations, as far as it has to know of them; `drivers.around` is one.

        Attributes:
            forked: Whether this is a process that a handler has forked.
        """

        forked: bool

        def begin(self, invocation: Invocation) -> None:
            """A handler begins."""

        def due(self, invocation: Invocation) -> bool:
            """A handler has ended: whether there is something to be done before the next poll."""

        def excuse(self, invocation: Invocation) -> Exception | None:
            """What to answer for a task that was cancelled at the deadline; `None` if it was not."""

        def after(self, invocation: Invocation) -> None:
            """Do what is due, now that the caller has the answer."""

        async def after_async(self, invocation: Invocation) -> None:
            """Do what is due, now that the caller has the answer, beside other invocations."""

        def await_shutdown(self, leave: Callable[[], object], interrupt: Callable[[], object] | None) -> None:
            """Be ready for SIGTERM, if the function wants to know."""

        @property
        def patience(self) -> float | None:
            """How many seconds what is being served may still take; `None` if nobody hurries."""


async def _nothing() -> None: ...


async def _no_pieces() -> AsyncIterator[None]:
    yield  # pragma: no cover - never begun, only its type is wanted; held by tests/streaming/test_writing.py


_coroutine = _nothing()
_COROUTINE = type(_coroutine)  # `types.CoroutineType`, without the import
_coroutine.close()
_ASYNC_GENERATOR = type(_no_pieces())

# What can only be JSON (or bytes), told at one look.
_WHOLE = frozenset((dict, list, tuple, str, bytes, int, float, bool, type(None)))


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
        around: Told of every invocation that begins.

    Attributes:
        around: The same.
    """

    __slots__ = ("_codec", "_complete", "_config", "_handler", "_identity", "_journal", "_trace_id", "around")

    def __init__(
        self,
        handler: Callable[..., Any],
        config: Config,
        codec: Codec,
        identity: Identity,
        trace_id: TraceId,
        journal: Journal,
        complete: Callable[[Coroutine[Any, Any, Any]], Any],
        around: Around | None = None,
    ) -> None:
        self._handler = handler
        self._config = config
        self._codec = codec
        self._identity = identity
        self._trace_id = trace_id
        self._journal = journal
        self._complete = complete
        self.around = around

    def run(self, invocation: Invocation) -> Buffered | Failed | Streamed:
        """Serve one invocation with a plain handler."""
        try:
            self._identity.enter(invocation)
            event, context = self._prepare(invocation)
            result = self._handler(event, context)
            if type(result) is _COROUTINE:
                try:
                    result = self._complete(result)
                except cancellation() as error:
                    return self.fail(invocation, error)
            if type(result) in _WHOLE or not is_stream(result):
                return self._codec.encode(result)
            from aioric.function.streaming import plain_stream  # noqa: PLC0415 - most never stream

            return plain_stream(result, self._codec, self.fail_stream(invocation), self._complete)
        except (Exception, Interrupted) as error:  # noqa: BLE001 - whatever the function raises is its answer
            return self.fail(invocation, error)

    async def run_async(self, invocation: Invocation) -> Buffered | Failed | Streamed:
        """Serve one invocation with a coroutine function."""
        try:
            self._identity.enter_context(invocation)
            event, context = self._prepare(invocation)
            result = self._handler(event, context)
            if type(result) is not _ASYNC_GENERATOR:
                result = await result
            if type(result) in _WHOLE or not is_stream(result):
                return self._codec.encode(result)
            from aioric.function.streaming import async_stream  # noqa: PLC0415 - most never stream

            return async_stream(result, self._codec, self.fail_stream(invocation))
        except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
            return self.fail(invocation, error)

    def _prepare(self, invocation: Invocation) -> tuple[Any, LambdaContext]:
        if self.around is not None:
            self.around.begin(invocation)
        if self._identity.alone:
            self._trace_id.enter(invocation.trace_id)
        context = LambdaContext(invocation, self._config, self._journal.write)
        return self._codec.decode(invocation.payload, invocation.content_type), context

    def enter(self, invocation: Invocation) -> None:
        """What follows on an event loop is done for this invocation."""
        self._identity.enter_context(invocation)
        self._trace_id.enter(invocation.trace_id)

    def due(self, invocation: Invocation) -> bool:
        """The handler has ended: whether there is something to be done before the next poll."""
        return self.around is not None and self.around.due(invocation)

    def cancelled(self, invocation: Invocation, error: BaseException) -> Failed:
        """Likewise for a handler that was cancelled, maybe by us since its time is over."""
        excuse = None if self.around is None else self.around.excuse(invocation)
        return self.fail(invocation, excuse or error)

    def fail(self, invocation: Invocation, error: BaseException) -> Failed:
        """Log the failure and make it the answer.

        Raises:
            SystemExit: This process was forked by the handler, so the failure is its end, and no answer.
        """
        fault = describe(error, invocation.request_id)
        self._journal.error(fault, invocation.request_id)
        if self.around is not None and self.around.forked:
            raise SystemExit(1)
        return fault.failed(self._codec)

    def fail_stream(self, invocation: Invocation) -> Callable[[BaseException], Failed]:
        """What to do with a failure once the answer is a stream."""

        def fail(error: BaseException) -> Failed:
            failed = self.fail(invocation, error)
            self.shorten(failed)
            return failed

        return fail

    def shorten(self, failed: Failed) -> None:
        """Make a failure fit the end of a stream."""
        if len(failed.brief) > MAX_BRIEF:
            from aioric.function.streaming import shortened  # noqa: PLC0415 - loaded by now

            failed.brief = shortened(failed.body, self._codec)


def is_stream(result: object) -> bool:
    """Whether to send it piece by piece: a response of ours, an iterator or a file-like object.

    What has a JSON form keeps it, as it had with the official client.
    """
    kind = type(result)
    if isinstance(result, dict | list | tuple | str | bytes | int | float) or hasattr(kind, "_asdict"):
        return False
    streams = ("__next__", "__anext__", "__aiter__", "__aioric_stream__")
    return any(hasattr(kind, name) for name in streams) or callable(getattr(result, "read", None))
