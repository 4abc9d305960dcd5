"""A single function on a local Lambda of its own: what a test or a program opens and invokes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aioric_emulator.asynchronous import EventPolicy
from aioric_emulator.calls import new_request
from aioric_emulator.commands import default_command
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.destinations import Destinations
from aioric_emulator.disrupted_api import Disruptions
from aioric_emulator.emulated import check_configuration
from aioric_emulator.fronts.serving import serve_front
from aioric_emulator.fronts.settings import UrlSettings
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.memory_limit import place_limits
from aioric_emulator.response_stream import ResponseStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from aioric_emulator.destinations import Destination
    from aioric_emulator.disruptions import Disruption
    from aioric_emulator.fronts.settings import FrontSettings
    from aioric_emulator.results import InvokeResult
    from aioric_emulator.snapshot.uniqueness import Uniqueness

__all__ = ["Emulator"]


class Emulator:
    """A function on a local Lambda, for as long as its context is open.

    `endpoint` is then what boto3 takes as `endpoint_url`. `timeout`, `init_limit` and `max_age` are in
    seconds, `memory` in MB; `layers` are folders or zip files that stand for `/opt`, the later over the
    earlier; `extensions` is a folder, as `/opt/extensions`. An instance is used once.
    Raises `ValueError` for what no function can be, and `RuntimeError` where it is used outside its context.
    """

    def __init__(
        self,
        handler: str,
        *,
        task_root: str | Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 3.0,
        memory: int = 128,
        concurrency: int | None = None,
        command: Sequence[str] | None = None,
        name: str = "function",
        host: str = "127.0.0.1",
        port: int = 0,
        max_environments: int = 10,
        init_limit: float | None = None,
        log_format: str = "Text",
        log_level: str = "",
        sends_invocation_id: bool = True,
        has_framed_log: bool = False,
        snapstart: bool = False,
        freeze: bool = False,
        enforce_memory: bool = False,
        real_bandwidth: bool = False,
        layers: Sequence[str | Path] = (),
        extensions: str | Path | None = None,
        max_age: float | None = None,
        events: EventPolicy | None = None,
        on_success: Destination | str = None,
        on_failure: Destination | str = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self._disruptions = Disruptions()
        configuration = FunctionConfiguration(
            handler=handler,
            command=tuple(command) if command is not None else default_command(handler),
            task_root=Path(task_root) if task_root is not None else Path.cwd(),
            name=name,
            variables=dict(env or {}),
            timeout=timeout,
            memory=memory,
            concurrency=concurrency,
            max_environments=max_environments,
            init_limit=init_limit,
            log_format=log_format,
            log_level=log_level,
            sends_invocation_id=sends_invocation_id,
            has_framed_log=has_framed_log,
            has_snapshot=snapstart,
            freezes=freeze,
            enforces_memory=enforce_memory,
            has_real_bandwidth=real_bandwidth,
            layers=find_layers(layers),
            extensions=Path(extensions).resolve() if extensions is not None else None,
            max_age=max_age,
            events=events or EventPolicy(),
            destinations=Destinations(*(as_path(each) for each in (on_success, on_failure))),
            disruptions=self._disruptions,
        )
        check_configuration(configuration)
        # Who keeps the limit of `enforce_memory`, in words; empty without one.
        (self.configuration,), self.memory_limit = place_limits([configuration])
        self._lambda = LocalLambda(
            [self.configuration], host=host, port=port, on_line=drop_request_id(on_line)
        )
        self._function = self._lambda.functions[name]

    async def __aenter__(self) -> Self:
        await self._lambda.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._lambda.__aexit__(kind, error, trace)

    @property
    def endpoint(self) -> str:
        """Where the Lambda API is, as a URL."""
        return self._lambda.endpoint

    def serve_url(
        self, host: str = "127.0.0.1", port: int = 0, *, invoke_mode: str = "BUFFERED"
    ) -> AbstractAsyncContextManager[str]:
        """Serve a Function URL while the context is open; give it. Port 0 takes a free one.

        `invoke_mode` is `BUFFERED` or `RESPONSE_STREAM`. Raises `OSError` where the address cannot be taken.
        """
        return self.serve(UrlSettings(self.configuration.name, port, invoke_mode), host)

    def serve(self, front: FrontSettings, host: str = "127.0.0.1") -> AbstractAsyncContextManager[str]:
        """Serve a front of any kind while the context is open; give its URL.

        Raises `OSError` where the address cannot be taken.
        """
        return serve_front(front, self._lambda.functions, host)

    @property
    def logs(self) -> list[str]:
        """All lines so far, of the function and of the platform."""
        return self._function.logs

    @property
    def init_durations(self) -> list[float]:
        """How long each init took that went well, in milliseconds."""
        return self._function.init_durations

    @property
    def environment_count(self) -> int:
        """How many environments there are, from their launch to the end of their processes."""
        return self._function.environment_count

    def disrupt(self, *disruptions: Disruption) -> None:
        """Have the next event meet this trouble at the Runtime API; each further call is for the event after.

        See `aioric_emulator.disruptions`. Raises `ValueError` for two where there can be only one.
        """
        self._disruptions.plan(*disruptions)

    async def uniqueness(self, copies: int = 2) -> Uniqueness:
        """Restore copies of the SnapStart snapshot, and give what they share that should be unique.

        Raises `CopyError` where there is no snapshot that can be copied.
        """
        return await self._function.copies.compare(copies)

    async def invoke(
        self,
        payload: object = b"",
        *,
        client_context: object = None,
        tenant_id: str = "",
        trace_id: str = "",
        cold: bool = False,
    ) -> InvokeResult:
        """Invoke the function, and wait until the runtime is done with it.

        `payload` is the event as bytes, or anything that JSON can hold; so is `client_context`. `cold` asks
        for a new environment. Raises `InvokeRejectedError` where no environment takes the call.
        """
        self._check_open()
        return await self._function.invoke(
            payload, client_context=client_context, tenant_id=tenant_id, trace_id=trace_id, cold=cold
        )

    def stream(self, payload: object = b"", **facts: Any) -> ResponseStream:
        """Invoke the function for a stream: `async for piece in fn.stream({...})`.

        `facts` are those of `invoke`. Raises `InvokeRejectedError` where the payload is none; where no
        environment takes the call, the first piece raises it.
        """
        self._check_open()
        stream = ResponseStream()
        invocation = new_request(self.configuration, stream, payload, **facts)
        stream.open(invocation)
        self._function.submit(invocation)
        return stream

    def enqueue(self, payload: object = b"", **facts: str) -> str:
        """Queue an event, as `InvocationType=Event` does, and give its request id.

        Raises `InvokeRejectedError` where the payload is too large or no JSON.
        """
        self._check_open()
        return self._function.enqueue(payload, **facts)

    def _check_open(self) -> None:
        if not self.endpoint:
            raise RuntimeError("the function is not there yet: use it within `async with ... as fn`")


def find_layers(layers: Sequence[str | Path]) -> tuple[Path, ...]:
    """Give the folders of layers, whose paths are relative to the working folder. Raises `ValueError`."""
    if not layers:
        return ()
    from aioric_emulator.layers import open_layers  # noqa: PLC0415 - few functions have some

    return open_layers(layers, Path.cwd())


def as_path(destination: Destination | str) -> Destination:
    """Give a destination whose file may be named by text."""
    return Path(destination) if isinstance(destination, str) else destination


def drop_request_id(on_line: Callable[[str], None] | None) -> Callable[[str, str], None] | None:
    """Give what takes a line and its request id, for one who wants the line."""
    return None if on_line is None else lambda line, _request_id: on_line(line)
