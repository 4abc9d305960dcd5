"""Random and mutated bytes to an emulator's sockets, and whether it is as well after them as before.

Every case is made from a seed and its number alone, so a run can be repeated from any case on.
"""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.emulator.wire_corpus import FRONT_DOOR, FRONTS, GOOD, RUNTIME_API

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Case", "Target", "UnwellError", "make_case", "serving"]

ROOT = Path(__file__).parents[2]
FUNCTION = """\
import os
def handler(event, context):
    if isinstance(event, dict) and "requestContext" in event:
        return {"statusCode": 200, "headers": {"x-path": str(event.get("path"))}, "body": event.get("body")}
    return os.environ["AWS_LAMBDA_RUNTIME_API"]
async def handler_async(event, context):
    return handler(event, context)
"""
PATIENCE = 20.0
# A poll that a case left behind takes one event of a Managed Instances function, as on the platform.
TRIES = 400
# What may have changed after any number of cases: descriptors, and MiB of memory.
MAX_MORE_DESCRIPTORS = 8
MAX_MORE_MIB = 48
RESET = struct.pack("ii", 1, 0)
CONTENT = (
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff",
    b" ",
    b":",
    b"%00",
    b"../",
    b"{",
    b'"',
    b"0",
    b"-1",
    b"99999999999999999999",
)
HEADERS = (
    b"Content-Length: 5\r\n",
    b"Content-Length: 18446744073709551616\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
    b"X-Amz-Invocation-Type: Event\r\n",
    b"X-Long: " + b"x" * 100_000 + b"\r\n",
)


# Where a case goes, and what it begins as. All but the first two are options of `aioric dev`.
DOORS = {
    "invoke": FRONT_DOOR,
    "runtime-api": RUNTIME_API,
    "url": FRONTS,
    "http-api": FRONTS,
    "rest-api": FRONTS,
    "alb": FRONTS,
}


class UnwellError(Exception):
    """The emulator is not what it was: it ended, hangs, leaks, or reports a fault of its own."""


@dataclass(frozen=True)
class Case:
    """What one connection does: bytes in pieces, then an end."""

    door: str
    pieces: tuple[bytes, ...]
    ending: str
    reads: bool
    # Good calls before, each answered: so that the connection is on the short way of those.
    calls: int = 0


def make_case(seed: int, number: int) -> Case:
    """Give a case; the same for the same numbers."""
    draw = random.Random(f"{seed}:{number}")  # noqa: S311 - not a secret
    (door,) = draw.choices(list(DOORS), (4, 4, 1, 1, 1, 1))
    corpus = DOORS[door]
    calls = draw.randrange(3, 6) if door == "invoke" and draw.random() < 0.1 else 0
    data = bytearray(GOOD if calls else draw.choice(corpus))
    if draw.random() < 0.1:
        data = bytearray(draw.randbytes(draw.randrange(2000)))
    for _ in range(draw.choice((0, 1, 1, 2, 3, 6))):
        mutate(draw, data, corpus)
    cuts = sorted(draw.randrange(len(data) + 1) for _ in range(draw.choice((0, 0, 1, 2, 5))))
    edges = [0, *cuts, len(data)]
    pieces = tuple(bytes(data[start:end]) for start, end in pairwise(edges))
    return Case(door, pieces, draw.choice(("close", "half", "reset")), draw.random() < 0.5, calls)


def mutate(draw: random.Random, data: bytearray, corpus: tuple[bytes, ...]) -> None:
    """Change something."""
    at = draw.randrange(len(data) + 1)
    end = min(len(data), at + draw.choice((1, 2, 10, 100)))
    match draw.randrange(7):
        case 0 if at < len(data):
            data[at] ^= 1 << draw.randrange(8)
        case 1:
            del data[at:end]
        case 2:
            data[at:at] = data[at:end] * draw.choice((1, 2, 50))
        case 3:
            data[at:at] = draw.choice(CONTENT)
        case 4:
            data[at:] = draw.choice(corpus)[draw.randrange(50) :]
        case 5:
            line = data.find(b"\r\n") + 2
            data[line:line] = draw.choice(HEADERS)
        case _:
            data[at:at] = draw.randbytes(draw.randrange(20))


class Target:
    """A running `aioric dev` with one function."""

    def __init__(self, process: subprocess.Popen[bytes], ports: dict[str, int], log: Path) -> None:
        self.process = psutil.Process(process.pid)
        self._popen = process
        self._ports = ports
        self._log = log
        self.good()
        self._descriptors = self.process.num_fds()
        self._memory = self.process.memory_info().rss

    def run(self, case: Case) -> None:
        """Do what the case says. What the emulator does with it is not judged here."""
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self._ports[case.door])) as peer,
        ):
            peer.settimeout(0.5)
            for _ in range(case.calls):
                peer.sendall(GOOD)
                peer.recv(65536)
            peer.settimeout(0.02)
            for piece in case.pieces:
                peer.sendall(piece)
            if case.ending == "half":
                peer.shutdown(socket.SHUT_WR)
            if case.reads:
                peer.recv(65536)
            if case.ending == "reset":
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def good(self) -> None:
        """See a good request answered by the function. Raises `UnwellError`."""
        answer = b""
        for _ in range(TRIES):
            try:
                answer = self._invoke()
            except OSError as error:
                raise UnwellError(f"no answer to a good request ({error!r}); {self._tail()}") from error
            head, _, body = answer.partition(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 200 ") and b"X-Amz-Function-Error" not in head:
                self._ports["runtime-api"] = int(json.loads(body).rpartition(":")[2])
                return
            time.sleep(0.01)
        raise UnwellError(f"a good request is answered by {answer!r}; {self._tail()}")

    def _invoke(self) -> bytes:
        with socket.create_connection(("127.0.0.1", self._ports["invoke"]), timeout=PATIENCE) as peer:
            peer.sendall(GOOD.replace(b"\r\nHost", b"\r\nConnection: close\r\nHost"))
            return b"".join(iter(lambda: peer.recv(65536), b""))

    def check(self) -> None:
        """Hold that it is well. Raises `UnwellError`."""
        if self._popen.poll() is not None:
            raise UnwellError(self._tail())
        self.good()
        log = self._log.read_bytes()
        for word in (b"Traceback", b"A request of the emulator failed"):
            if word in log:
                raise UnwellError(
                    f"its log has {word.decode()!r}: {log[log.index(word) :][:3000].decode(errors='replace')}"
                )
        os.truncate(self._log, 0)
        self._hold_descriptors()
        more = (self.process.memory_info().rss - self._memory) / 2**20
        if more > MAX_MORE_MIB:
            raise UnwellError(f"it has {more:.0f} MiB more than at first")

    def _hold_descriptors(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while (more := self.process.num_fds() - self._descriptors) > MAX_MORE_DESCRIPTORS:
            if time.monotonic() > deadline:
                raise UnwellError(f"it has {more} descriptors more than at first")
            time.sleep(0.05)

    def _tail(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(1)
        status = "it runs" if self._popen.returncode is None else f"it ended with {self._popen.returncode}"
        return f"{status}; {self._log.read_bytes()[-3000:].decode(errors='replace')}"

    @property
    def figures(self) -> str:
        """What it has now, for people."""
        return f"{self.process.num_fds()} descriptors, {self.process.memory_info().rss / 2**20:.1f} MiB"


@contextmanager
def serving(folder: Path, lanes: int | None) -> Iterator[Target]:
    """Run `aioric dev` in a folder, and nothing of it afterwards."""
    (folder / "app.py").write_text(FUNCTION)
    log = folder / "log"
    ports = dict(
        zip((door for door in DOORS if door != "runtime-api"), free_ports(len(DOORS) - 1), strict=True)
    )
    handler = "app.handler" if lanes is None else "app.handler_async"
    command = [
        sys.executable,
        "-m",
        "aioric_emulator.cli",
        "dev",
        handler,
        "--port",
        str(ports["invoke"]),
        "--no-reload",
        *(f"--{door}={port}" for door, port in ports.items() if door != "invoke"),
    ]
    # One environment: a second one, for a case that overlaps another, would look like a leak.
    command += ["--max-environments", "1"] if lanes is None else ["--concurrency", str(lanes)]
    sources = os.pathsep.join([str(ROOT / "emulator"), str(ROOT / "runtime")])
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, env=os.environ | {"PYTHONPATH": sources}
        )
    try:
        for port in ports.values():
            wait_for(port, process)
        yield Target(process, ports, log)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_ports(count: int) -> list[int]:
    """Give ports that nobody has."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until it listens. Raises `UnwellError`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise UnwellError("it never listened")
