"""AWS's own emulator, run around any runtime command, in its classic and in its Managed Instances mode."""

from __future__ import annotations

import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from tests.official import sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
BINARY = ROOT / ".cache" / "aws-lambda-rie"
START_SECONDS = 15.0  # the emulator listens after some milliseconds; the rest is for a busy machine
STOP_SECONDS = 5.0
FREE_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """What the caller of the function gets."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def result(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass(frozen=True)
class OfficialEmulator:
    """A running emulator. It starts the runtime at the first invoke, or at once under Managed Instances."""

    client: httpx.Client
    log_file: Path
    process: psutil.Process
    _started: subprocess.Popen[bytes]  # the same, or the sandbox around it, which ends with it

    def invoke(self, event: object) -> Answer:
        """Call the function as a client would. Safe to use from several threads."""
        response = self.client.post("/2015-03-31/functions/function/invocations", json=event)
        return Answer(response.status_code, response.headers, response.content)

    def invoke_when_free(self, event: object) -> Answer:
        """Call the function, again while no lane is free: Managed Instances mode queues nothing.

        A lane is busy until its runtime polls again, which may be after the caller has got the answer.
        """
        deadline = time.monotonic() + FREE_SECONDS
        while b"Runtime.Unavailable" in (answer := self.invoke(event)).body and time.monotonic() < deadline:
            continue
        return answer

    def shut_down(self) -> int:
        """Tell it to end, as a container's end does, which ends the environment; its exit status."""
        self.process.terminate()
        return self._started.wait(STOP_SECONDS)

    def runtimes(self) -> list[psutil.Process]:
        """The runtime's processes, the first one first."""
        return self.process.children(recursive=True)

    @property
    def log(self) -> str:
        """Everything that the emulator and the function have written so far."""
        return self.log_file.read_text(errors="replace")


@contextmanager
def official_emulator(
    command: Sequence[str | Path],
    handler: str,
    *,
    task: Path,
    concurrency: int | None = None,
    environment: dict[str, str] | None = None,
    program: Sequence[str | Path] = (BINARY,),
) -> Iterator[OfficialEmulator]:
    """Serve a handler through a runtime command, which finds its name in `_HANDLER`.

    Managed Instances mode when a concurrency is given, else classic. An argument "$_HANDLER" of the command
    stands for the handler's name. Another `program` of the same words is run as it is, without a sandbox.
    """
    api, front = _free_port(), _free_port()
    variables = _environment(task, concurrency) | (environment or {})
    words = " ".join('"$_HANDLER"' if word == "$_HANDLER" else shlex.quote(str(word)) for word in command)
    bootstrap = f"#!/bin/sh\nexec {words}\n"
    addresses = ["--runtime-api-address", f"127.0.0.1:{api}"]
    addresses += ["--runtime-interface-emulator-address", f"127.0.0.1:{front}"]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if concurrency is None or program != (BINARY,):
            script = folder / "bootstrap"
            script.write_text(bootstrap)
            script.chmod(0o755)
            started = [*map(str, program), *addresses, str(script), handler]
        else:
            started = stack.enter_context(
                sandbox.sandboxed(
                    [str(BINARY), *addresses, "/var/runtime/bootstrap", handler],
                    bootstrap=bootstrap,
                    task=task,
                    visible={ROOT, *sandbox.interpreter_paths()},
                )
            )
        log_file = folder / "log"
        process = stack.enter_context(_running(started, task, variables, log_file))
        _wait_until_it_listens(process, front, log_file)
        timeout = httpx.Timeout(30, connect=5)
        with httpx.Client(base_url=f"http://127.0.0.1:{front}", timeout=timeout, trust_env=False) as client:
            yield OfficialEmulator(client, log_file, _itself(process), process)


def _environment(task: Path, concurrency: int | None) -> dict[str, str]:
    """Little of our own: the emulator hands everything on to the function."""
    variables = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "30",
    }
    if concurrency is not None:
        return variables | {"AWS_LAMBDA_MAX_CONCURRENCY": str(concurrency)}
    # In the sandbox uid 993 could not write coverage data; here the runtime is us.
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    return variables | coverage | {"LAMBDA_TASK_ROOT": str(task)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def _running(
    command: list[str], folder: Path, environment: dict[str, str], log_file: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process, and leave neither it nor a descendant behind."""
    with (
        log_file.open("wb") as log,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole tree: an emulator takes its runtime along when told to, a sandbox must be killed."""
    if process.poll() is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    with suppress(psutil.NoSuchProcess):  # it may be ending by itself
        if (first := _itself(process)).pid != process.pid:
            first.kill()  # the first process of the pid namespace; unshare reaps it and ends
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    left = [relative for relative in family if _is_alive(relative)]
    for relative in left:
        relative.kill()
    psutil.wait_procs(left, timeout=STOP_SECONDS)
    if stubborn := [relative for relative in left if _is_alive(relative)]:
        raise RuntimeError(f"could not stop {stubborn}")


def _itself(process: subprocess.Popen[bytes]) -> psutil.Process:
    """The emulator: what was started, or in a sandbox the first process of its pid namespace."""
    started = psutil.Process(process.pid)
    return started.children()[0] if Path(started.exe()).name == "unshare" else started


def _is_alive(process: psutil.Process) -> bool:
    """Running, and more than an entry that its foster parent has not collected yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log_file: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the emulator ended with {process.returncode}:\n{log_file.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            # The pause between two looks also notices when the process ends.
            try:
                process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    raise TimeoutError(f"the emulator did not listen within {START_SECONDS} s:\n{log_file.read_text()}")
