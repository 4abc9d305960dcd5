"""`aioric dev`: one function served until a signal, its log on standard output."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import anyio

from aioric_emulator.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["serve"]


class Console:
    """Standard output for log lines: what one turn of the event loop logs, is written at once."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Print a line soon."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        # A bare carriage return is a line break within one event, as CloudWatch shows it.
        self._lines.append(line.replace("\r", "\n"))

    def flush(self) -> None:
        """Print what waits."""
        text = "".join(f"{line}\n" for line in self._lines)
        self._lines.clear()
        try:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            return


def serve(handler: str, settings: Mapping[str, Any], url_port: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM; at a Function URL too, if a port is given for it.

    Raises `OSError` where a port is taken or nothing can be run.
    """
    options = {"use_uvloop": find_spec("uvloop") is not None}
    anyio.run(serve_until_signal, handler, settings, url_port, backend_options=options)


async def serve_until_signal(handler: str, settings: Mapping[str, Any], url_port: int | None) -> None:
    """Open the emulator, tell where it is, and close it with the first signal."""
    console = Console()
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with Emulator(handler, on_line=console.write, **settings) as function, AsyncExitStack() as urls:
            if url_port is not None:
                url = await urls.enter_async_context(function.serve_url(settings["host"], url_port))
                console.write(f"Function URL: {url}")
            path = f"{function.endpoint}/2015-03-31/functions/{function.configuration.name}/invocations"
            console.write(f"Serving {handler} at {path}")
            console.write("Stop with Ctrl-C. Invoke with: aioric invoke --event '{}'" + port_hint(function))
            async for _ in signals:
                break
        console.flush()


def port_hint(function: Emulator) -> str:
    """Give what `aioric invoke` has to be told to reach this function."""
    hint = f" --endpoint {function.endpoint}"
    name = function.configuration.name
    return hint if name == "function" else f"{hint} --name {name}"
