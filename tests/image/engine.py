"""The container engine, driven by its command line: run as Lambda runs, look, stop."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

ENGINE = os.environ.get("ENGINE", "podman")
TASK = Path(__file__).parent / "task"
# The engine leaves notes in the folder that it is called from, such as one about a lack of memory.
FOLDER = Path(os.environ.get("CONTAINERS_STORAGE_CONF", tempfile.gettempdir() + "/storage.conf")).parent
ROOT = Path(__file__).parents[2]
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
# Another architecture has a binary of its own.
OFFICIAL = ROOT / (os.environ.get("AIORIC_OFFICIAL") or ".cache/aws-lambda-rie")
# Run by QEMU, everything takes ten times as long.
PATIENCE_SECONDS = 300.0 if os.environ.get("ARCH") else 30.0
PATH = "/2015-03-31/functions/function/invocations"

# A user that the image has never heard of, nothing writable but /tmp, no privilege, little memory.
AS_LAMBDA = [
    "--user=993:990",
    "--read-only",
    "--tmpfs=/tmp",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--memory=512m",
    "--memory-swap=512m",
]
if ENGINE.endswith("podman"):
    # It would write the user down for the image; docker does not.
    AS_LAMBDA.append("--passwd=false")


def engine(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a command of the engine to its end."""
    done = subprocess.run(
        [ENGINE, *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS * 4,
        cwd=FOLDER,
    )
    if check and done.returncode:
        raise RuntimeError(f"{ENGINE} {' '.join(arguments)}: {done.stderr}")
    return done


@dataclass(frozen=True)
class Images:
    """The images under test, and what they were built from."""

    name: str
    base: str

    def of(self, target: str) -> str:
        """Give the image of a target of the Dockerfile."""
        return f"{self.name}-{target}"

    @property
    def python(self) -> str:
        """Give the version of Python, as `3.13`."""
        return self.name.rpartition(":")[2]

    def inspect(self, image: str) -> dict[str, Any]:
        """Give what the engine knows of an image."""
        found: dict[str, Any] = json.loads(engine("image", "inspect", image).stdout)[0]
        return found


@dataclass(frozen=True)
class Container:
    """A running container."""

    id: str
    ports: dict[int, int]

    def invoke(self, event: object, port: int = 8080) -> httpx.Response:
        """Call the function on the published port, again until somebody listens there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        url = f"http://127.0.0.1:{self.ports[port]}{PATH}"
        while True:
            try:
                return httpx.post(url, json=event, timeout=PATIENCE_SECONDS, trust_env=False)
            except httpx.TransportError as error:
                if time.monotonic() > deadline or not self.is_running:
                    raise RuntimeError(f"nobody answers:\n{self.logs}") from error

    @property
    def is_running(self) -> bool:
        """Whether its first process is alive."""
        return engine("inspect", "--format", "{{.State.Running}}", self.id).stdout.strip() == "true"

    @property
    def logs(self) -> str:
        """Everything that it has written so far, on both its streams."""
        done = engine("logs", self.id)
        return done.stdout + done.stderr

    def comes_to_log(self, text: str) -> bool:
        """Whether it writes this before patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while text not in self.logs:
            if time.monotonic() > deadline:
                return False
        return True

    def execute(self, *command: str) -> str:
        """Run a command inside, and give what it prints."""
        return engine("exec", self.id, *command).stdout

    def stop(self, seconds: int) -> int:
        """Ask for its end with SIGTERM, and give its exit status; after so many seconds, SIGKILL."""
        engine("stop", "--time", str(seconds), self.id)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end, and give its exit status."""
        return int(engine("wait", self.id).stdout)

    def remove(self) -> None:
        """Leave nothing of it."""
        engine("rm", "--force", "--time", "0", self.id)


def quiet_port() -> int:
    """Give a free port of those that the kernel gives to nobody by itself.

    An engine asked to choose finds one and listens later; others, with many connections, were faster. And
    a rule of podman's may outlive its container: whoever the kernel gave that port could not be reached.
    """
    lowest = int(EPHEMERAL.read_text().split()[0])
    while True:
        port = random.randrange(lowest // 2, lowest)  # noqa: S311 - no secret
        with socket.socket() as attempt, suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port


def start(
    image: str,
    *command: str,
    task: Path | None = None,
    options: Sequence[str] = (),
    env: dict[str, str] | None = None,
    network: str = "bridge",
) -> Container:
    """Start a container as Lambda would, the function's folder mounted if one is given."""
    arguments = [*AS_LAMBDA, f"--network={network}"]
    ports = {}
    if network == "bridge":
        ports[8080] = quiet_port()
        arguments.append(f"--publish=127.0.0.1:{ports[8080]}:8080")
    if task is not None:
        arguments.append(f"--volume={task}:/var/task:ro")
    arguments += [f"--env={name}={value}" for name, value in (env or {}).items()]
    started = engine("run", "--detach", *arguments, *options, image, *command).stdout.strip()
    return Container(started, ports)


def run(
    image: str,
    *command: str,
    task: Path | None = None,
    options: Sequence[str] = (),
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a container as Lambda would, to its end."""
    arguments = [*AS_LAMBDA, "--rm", "--network=host"]
    if task is not None:
        arguments.append(f"--volume={task}:/var/task:ro")
    arguments += [f"--env={name}={value}" for name, value in (env or {}).items()]
    return engine("run", *arguments, *options, image, *command, check=False)
