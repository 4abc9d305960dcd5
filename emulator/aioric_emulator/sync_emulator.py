"""A function on a local Lambda, for code without an event loop: `Emulator` behind blocking calls."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from anyio.from_thread import start_blocking_portal

from aioric_emulator.emulator import Emulator
from aioric_emulator.response_stream import SyncResponseStream

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from anyio.from_thread import BlockingPortal

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.disruptions import Disruption
    from aioric_emulator.fronts.settings import FrontSettings
    from aioric_emulator.results import InvokeResult
    from aioric_emulator.snapshot.uniqueness import Uniqueness

__all__ = ["SyncEmulator"]


class SyncEmulator:
    """Takes what `Emulator` takes. Its event loop runs in a thread of its own while the context is open."""

    def __init__(self, handler: str, **settings: Any) -> None:
        self._make = partial(Emulator, handler, **settings)
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._emulator: Emulator

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal())
            # Made in the thread of its loop, to which its events belong.
            self._emulator = self._portal.call(self._make)
            stack.enter_context(self._portal.wrap_async_context_manager(self._emulator))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._stack.__exit__(kind, error, trace)
        finally:
            self._portal = None

    def _open(self) -> BlockingPortal:
        if self._portal is None:
            raise RuntimeError("the function is not there: use it within `with ... as fn`")
        return self._portal

    @property
    def configuration(self) -> FunctionConfiguration:
        """What the function is configured to be."""
        return self._emulator.configuration

    @property
    def endpoint(self) -> str:
        """Where the Lambda API is, as a URL: what boto3 takes as `endpoint_url`."""
        return self._emulator.endpoint

    @property
    def memory_limit(self) -> str:
        """Who keeps the limit of `enforce_memory`, in words; empty without one."""
        return self._emulator.memory_limit

    @property
    def logs(self) -> list[str]:
        """All lines so far, of the function and of the platform."""
        return self._open().call(lambda: self._emulator.logs)

    @property
    def init_durations(self) -> list[float]:
        """How long each init took that went well, in milliseconds."""
        return list(self._emulator.init_durations)

    def invoke(self, payload: object = b"", **facts: Any) -> InvokeResult:
        """Invoke the function, and wait; `facts` are those of `Emulator.invoke`.

        Raises `InvokeRejectedError` where no environment takes the call.
        """
        return self._open().call(partial(self._emulator.invoke, payload, **facts))

    def stream(self, payload: object = b"", **facts: Any) -> SyncResponseStream:
        """Invoke the function for a stream: `for piece in fn.stream({...})`; see `Emulator.stream`."""
        stream = self._open().call(partial(self._emulator.stream, payload, **facts))
        return SyncResponseStream(stream, self._open())

    def disrupt(self, *disruptions: Disruption) -> None:
        """Have the next event meet this trouble at the Runtime API; see `Emulator.disrupt`."""
        self._open().call(self._emulator.disrupt, *disruptions)

    def uniqueness(self, copies: int = 2) -> Uniqueness:
        """Restore copies of the SnapStart snapshot, and give what they share; see `Emulator.uniqueness`."""
        return self._open().call(self._emulator.uniqueness, copies)

    def serve_url(
        self, host: str = "127.0.0.1", port: int = 0, *, invoke_mode: str = "BUFFERED"
    ) -> AbstractContextManager[str]:
        """Serve a Function URL while the context is open; give it. As `Emulator.serve_url`."""
        served = self._emulator.serve_url(host, port, invoke_mode=invoke_mode)
        return self._open().wrap_async_context_manager(served)

    def serve(self, front: FrontSettings, host: str = "127.0.0.1") -> AbstractContextManager[str]:
        """Serve a front of any kind while the context is open; give its URL. As `Emulator.serve`."""
        return self._open().wrap_async_context_manager(self._emulator.serve(front, host))

    def enqueue(self, payload: object = b"", **facts: str) -> str:
        """Queue an event, as `InvocationType=Event` does, and give its request id."""
        return self._open().call(partial(self._emulator.enqueue, payload, **facts))
