"""`aioric dev`: functions served until a signal, their log on standard output."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import anyio

from aioric_emulator.allowed_hosts import is_loopback
from aioric_emulator.console import Console
from aioric_emulator.dashboard import DASHBOARD
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.memory_limit import place_limits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from anyio.abc import TaskGroup

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.fronts.settings import FrontSettings
    from aioric_emulator.hosted_function import HostedFunction
    from aioric_emulator.recording import Recorder

__all__ = ["Place", "serve"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where functions are served, and what is in front of them for HTTP clients."""

    host: str = "127.0.0.1"
    port: int = 8080
    reloads: bool = True
    fronts: Sequence[FrontSettings] = ()
    has_dashboard: bool = True
    # A file for what functions were asked and answered.
    record: Path | None = None
    # One more name for the first function, and whether nothing is said of where it is.
    alias: str = ""
    is_quiet: bool = False
    # More names by which callers may call this machine; see `AllowedHosts`.
    allowed_hosts: Sequence[str] = ()


def serve(configurations: Sequence[FunctionConfiguration], place: Place) -> None:
    """Serve until SIGINT or SIGTERM.

    Raises `OSError` where a port is taken or nothing can be run.
    """
    options = {"use_uvloop": find_spec("uvloop") is not None}
    anyio.run(serve_until_signal, configurations, place, backend_options=options)


async def serve_until_signal(configurations: Sequence[FunctionConfiguration], place: Place) -> None:
    """Open the local Lambda, tell where it is, and close it with the first signal."""
    console = Console(is_colourful=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    recorder = None if place.record is None else open_recorder(place.record, console)
    configurations, limit = place_limits(configurations)
    with (
        recorder or nullcontext(),
        anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals,
    ):
        lambda_ = LocalLambda(
            configurations,
            host=place.host,
            port=place.port,
            on_line=console.write if console.is_colourful else None,
            on_text=None if console.is_colourful else console.write,
            has_dashboard=place.has_dashboard,
            alias=place.alias,
            recorder=recorder,
            allowed_hosts=place.allowed_hosts,
        )
        async with lambda_, open_fronts(place, lambda_) as opened, open_debugger(configurations):
            told = [] if place.is_quiet else greeting(lambda_)
            if place.has_dashboard:
                told.append(f"Look at {lambda_.endpoint}/_aioric/")
            if limit:
                told.append(f"The memory limit is {limit}")
            told += [f"{front.title}: {url}" for front, url in opened]
            if not place.is_quiet and not is_loopback(place.host):
                told.append(exposure(place))
            for line in told:
                console.write(line)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(lambda_.failed)
                for function in lambda_.functions.values():
                    tasks.start_soon(compare_copies, function, console)
                if place.reloads:
                    tasks.start_soon(reload, lambda_, console, tasks, place.record)
                async for _ in signals:
                    break
                tasks.cancel_scope.cancel()
        console.flush()


# What few ask for is loaded when it is asked for: the first answer is waited for.


def open_recorder(path: Path, console: Console) -> Recorder:
    """Give what records invocations in a file. Raises `OSError`."""
    from aioric_emulator.recording import Recorder  # noqa: PLC0415

    return Recorder(path, console.write)


def open_fronts(
    place: Place, lambda_: LocalLambda
) -> AbstractAsyncContextManager[list[tuple[FrontSettings, str]]]:
    """Give a context that serves the fronts, and each of them with its URL."""
    if not place.fronts:
        return nullcontext([])
    from aioric_emulator.fronts.serving import serve_fronts  # noqa: PLC0415

    return serve_fronts(place.fronts, lambda_.functions, place.host, place.port)


def open_debugger(configurations: Sequence[FunctionConfiguration]) -> AbstractAsyncContextManager[None]:
    """Give a context that leads editors to the function that is debugged, if there is one."""
    relay = next((each.debugger for each in configurations if each.debugger is not None), None)
    return nullcontext() if relay is None else relay.serve()


def exposure(place: Place) -> str:
    """Say what others can do where a host is not this machine alone."""
    look = f", and see their events, answers and logs at {DASHBOARD}" if place.has_dashboard else ""
    return (
        f"{place.host} is not this machine alone: others on the network can run these functions as you{look}"
    )


async def compare_copies(function: HostedFunction, console: Console) -> None:
    """Tell what copies of a SnapStart function's snapshot share that should be unique."""
    configuration = function.configuration
    if not configuration.has_snapshot or configuration.copies == 1:
        return
    from aioric_emulator.snapshot.copying import CopyError  # noqa: PLC0415 - not before anybody is served

    try:
        report = str(await function.copies.compare(configuration.copies))
    except CopyError as error:
        report = f"SnapStart: no uniqueness check: {error}"
    for line in report.splitlines():
        console.write(line)


# Editors and bundlers may have taken all that the system lets a user watch.
MORE_WATCHES = (
    "On Linux, raise fs.inotify.max_user_watches and fs.inotify.max_user_instances, or set "
    "WATCHFILES_FORCE_POLLING=1"
)


async def reload(lambda_: LocalLambda, console: Console, tasks: TaskGroup, record: Path | None) -> None:
    """Serve new code when files change, but for `record`; do without where nothing can watch them."""
    from aioric_emulator.reloading import reload_changed  # noqa: PLC0415 - not before anybody is served

    def tell(functions: Sequence[HostedFunction], path: Path) -> None:
        names = ", ".join(function.configuration.name for function in functions)
        verb = "starts" if len(functions) == 1 else "start"
        console.write(f"{path.name} has changed: {names} {verb} anew with the next call")
        for function in functions:
            tasks.start_soon(compare_copies, function, console)

    if find_spec("watchfiles") is None:
        console.write("No hot reload: pip install watchfiles")
        return
    try:
        await reload_changed(lambda_.functions.values(), tell, [] if record is None else [record])
    except* (OSError, RuntimeError) as errors:  # what watchfiles makes of the system's refusal
        why = "; ".join(map(str, errors.exceptions))
        console.write(f"No hot reload from here on: {why}. {MORE_WATCHES}")


def greeting(lambda_: LocalLambda) -> list[str]:
    """Give the lines that say where the functions are, and how they are invoked."""
    lines = []
    for name, function in lambda_.functions.items():
        path = f"{lambda_.endpoint}/2015-03-31/functions/{name}/invocations"
        lines.append(f"Serving {function.configuration.handler} at {path}")
    first = next(iter(lambda_.functions))
    name = "" if first == "function" else f" --name {first}"
    hint = f"Invoke with: aioric invoke --event '{{}}' --endpoint {lambda_.endpoint}{name}"
    return [*lines, f"Stop with Ctrl-C. {hint}"]
