"""Batches of telemetry on their way to subscribers, by HTTP or TCP. The model decides which, and when."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from anyio.abc import SocketStream

    from aioric_emulator.subscriptions import Destination
    from aioric_emulator.telemetry import Batch, Telemetry

__all__ = ["TelemetryDelivery"]

# The environment's own host: what is called `sandbox.localdomain` there.
HOST = "127.0.0.1"
# How long, in seconds, a subscriber may take to accept a batch.
PATIENCE = 5.0


class TelemetryDelivery:
    """Sends what the model has for the subscribers of one environment."""

    def __init__(self, telemetry: Telemetry, clock: Callable[[], float]) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._wake = anyio.Event()
        self._settled = anyio.Event()
        self._client: httpx.AsyncClient | None = None
        self._connections: dict[int, SocketStream] = {}

    def notice(self) -> None:
        """Look at the model again: something has been recorded."""
        if self._telemetry.subscribers:
            self._wake.set()

    async def run(self) -> None:
        """Deliver until it is cancelled."""
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    self._wake = anyio.Event()
                    for batch in self._telemetry.take(self._clock()):
                        tasks.start_soon(self._deliver, batch)
                    if self._telemetry.is_settled:
                        self._settled.set()
                    with anyio.move_on_after(max(0.0, self._telemetry.next_deadline - self._clock())):
                        await self._wake.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await self._close()

    async def settle(self, limit: float) -> None:
        """Send all that waits; return when it has arrived, or after a number of seconds."""
        self._telemetry.flush()
        self._settled = anyio.Event()
        self._wake.set()
        with anyio.move_on_after(limit):
            await self._settled.wait()

    async def _deliver(self, batch: Batch) -> None:
        destination = batch.subscriber.subscription.destination
        send = self._post if destination.protocol == "HTTP" else self._write
        has_arrived = False
        with anyio.move_on_after(PATIENCE):
            has_arrived = await send(destination, batch.body)
        if has_arrived:
            self._telemetry.delivered(batch, self._clock())
        else:
            self._telemetry.failed(batch, self._clock())
        self._wake.set()

    async def _post(self, destination: Destination, body: bytes) -> bool:
        # Only needed where somebody subscribes, and slow to import: not on the event loop.
        if self._client is None:
            await anyio.to_thread.run_sync(import_module, "httpx")
        import httpx  # noqa: PLC0415

        if self._client is None:
            # No proxy of the developer's is in between: it is all on this machine.
            self._client = httpx.AsyncClient(trust_env=False, timeout=PATIENCE)
        url = f"http://{HOST}:{destination.port}{destination.path}"
        headers = {"Content-Type": "application/json", "Host": f"sandbox.localdomain:{destination.port}"}
        try:
            response = await self._client.request(destination.method, url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return response.is_success

    async def _write(self, destination: Destination, body: bytes) -> bool:
        port = destination.port
        try:
            if port not in self._connections:
                self._connections[port] = await anyio.connect_tcp(HOST, port)
            await self._connections[port].send(body)
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
            connection = self._connections.pop(port, None)
            if connection is not None:
                await connection.aclose()
            return False
        return True

    async def _close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        for connection in self._connections.values():
            await connection.aclose()
