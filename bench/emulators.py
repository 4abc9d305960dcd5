"""The emulators that are compared, each with a runtime behind it, ready to be called."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import psutil

from bench.contestants import CONTESTANTS, TASK, Contestant
from bench.processes import running
from bench.server import compiled
from tests.official import emulator as official
from tests.official import sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

PATH = "/2015-03-31/functions/function/invocations"
PATIENCE_SECONDS = 30.0
HANDLER = "trivial"
RUNTIMES = {contestant.name: contestant for contestant in CONTESTANTS}


@dataclass(frozen=True)
class Served:
    """Where the function is called, and whose processes are whose: the emulator's, and the runtime's."""

    url: str
    root: int
    emulator: Callable[[psutil.Process], bool]

    def processes(self) -> tuple[list[int], list[int]]:
        """The process ids of the emulator, and those of the runtime."""
        root = psutil.Process(self.root)
        family = [root, *root.children(recursive=True)]
        mine = [each.pid for each in family if self.emulator(each)]
        return mine, [each.pid for each in family if each.pid not in mine]


def runtime_for(name: str, lanes: int) -> Contestant:
    """The runtime in the form that serves so many lanes best."""
    if name == "aioric":
        return RUNTIMES["aioric-def" if lanes == 1 else "aioric-async"]
    return RUNTIMES[name]


def refusal() -> str | None:
    """Why AWS's emulator cannot be run in its Managed Instances mode here, or None."""
    return sandbox.refusal()


@contextmanager
def ours(runtime: str, lanes: int) -> Iterator[Served]:
    """`aioric dev`, as a user types it."""
    contestant, port = runtime_for(runtime, lanes), free_port()
    handler = HANDLER + contestant.suffix
    command = [sys.executable, "-m", "aioric_emulator.cli", "dev", f"app.{handler}", "--port", str(port)]
    command += ["--concurrency", str(lanes)] if lanes > 1 else []
    command += ["--timeout", "30", "--", *contestant.argv(HANDLER)]
    with started(command, dict(os.environ)) as process:
        # Its guardian is a process of its own, and does nothing meanwhile.
        yield ready(
            Served(f"http://127.0.0.1:{port}{PATH}", process.pid, lambda each: each.pid == process.pid)
        )


@contextmanager
def theirs(runtime: str, lanes: int) -> Iterator[Served]:
    """AWS's emulator, as the images start it."""
    contestant = runtime_for(runtime, lanes)
    with official.official_emulator(
        contestant.argv(HANDLER),
        f"app.{HANDLER}{contestant.suffix}",
        task=TASK,
        concurrency=lanes if lanes > 1 else None,
    ) as emulator:
        yield ready(Served(f"{str(emulator.client.base_url).rstrip('/')}{PATH}", os.getpid(), is_official))


def is_official(process: psutil.Process) -> bool:
    """Whether a process is AWS's emulator."""
    return process.name() == official.BINARY.name


@contextmanager
def floor(runtime: str, lanes: int) -> Iterator[Served]:
    """A C program that passes bytes on, and the runtime started beside it."""
    contestant, front, api = runtime_for(runtime, lanes), free_port(), free_port()
    binary = compiled("emulator_floor.c")
    if binary is None:
        raise SystemExit("the floor takes a C compiler, and there is none here")
    with ExitStack() as stack:
        emulator = stack.enter_context(started([str(binary), str(front), str(api)], dict(os.environ)))
        wait_for(front)
        variables = contestant.variables(api, lanes)
        stack.enter_context(started(contestant.argv(HANDLER), variables))
        yield ready(
            Served(f"http://127.0.0.1:{front}{PATH}", os.getpid(), lambda each: each.pid == emulator.pid)
        )


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command on the cores that we have, its output in a file."""
    with (
        tempfile.TemporaryFile() as log,
        running(
            command,
            cores=os.sched_getaffinity(0),
            folder=TASK,
            environment=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        yield process


def ready(served: Served) -> Served:
    """Wait until the function answers. Raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(served.url, b"{}", timeout=PATIENCE_SECONDS) as response:  # noqa: S310 - ours
                if b"ok" in response.read():
                    return served
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer from {served.url}")
        time.sleep(0.05)


def wait_for(port: int) -> None:
    """Wait until somebody listens. Raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(f"nobody listens on port {port}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


EMULATORS: dict[str, Callable[[int], AbstractContextManager[Served]]] = {
    "aioric dev, aioric": partial(ours, "aioric"),
    "official, aioric": partial(theirs, "aioric"),
    "aioric dev, awslambdaric": partial(ours, "awslambdaric"),
    "official, awslambdaric": partial(theirs, "awslambdaric"),
    "floor, aioric": partial(floor, "aioric"),
}
