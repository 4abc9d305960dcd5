"""How one figure is made: a fresh runtime and server, warmed up, measured between two moments of rest.

The server says when all lanes wait in `/next`. At such a moment the runtime does nothing, so that what its
processes' CPU clocks show between two of them is the cost of the invocations in between and of nothing else.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bench.contestants import ROOT, TASK
from bench.processes import cpu_ns, pss_bytes, running, tree
from bench.server import command as server_command

if TYPE_CHECKING:
    from bench.contestants import Contestant
    from bench.workloads import Workload

PATIENCE_SECONDS = 60.0  # for sixteen interpreters to start, or for one sample
GLANCE_SECONDS = 0.5  # how often a wait looks whether the runtime is still there
WARM_UP_SHARE = 5  # one part in so many, before


@dataclass(frozen=True)
class Sample:
    """One contestant, one workload, once."""

    contestant: str
    lanes: int
    workload: str
    pin: str
    round: int
    invocations: int
    processes: int
    cpu_us: float
    wall_us: float
    server_cpu_us: float
    pss_mib: float


class Stuck(Exception):
    """A contestant did not do its part; the message ends with what it wrote."""


def cores(pin: str) -> tuple[set[int], set[int]]:
    """The server's and the runtime's cores: apart on two of them, together on one, or wherever they like."""
    available = sorted(os.sched_getaffinity(0))
    if pin == "together":
        return {available[-1]}, {available[-1]}
    if pin == "apart" and len(available) > 1:
        return {available[0]}, {available[-1]}
    return set(available), set(available)


def measure(
    contestant: Contestant, workload: Workload, lanes: int, turn: int, *, pin: str, quick: bool
) -> Sample:
    """Take one sample."""
    server_cores, runtime_cores = cores(pin)
    count = workload.count(lanes, quick=quick)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        event, log_file = folder / "event.json", folder / "log"
        event.write_bytes(workload.event())
        log = stack.enter_context(log_file.open("wb"))
        server = stack.enter_context(
            running(
                server_command(event, lanes),
                cores=server_cores,
                folder=ROOT,
                stdin=subprocess.PIPE,
            )
        )
        conversation = Conversation(server, log_file)
        port = int(conversation.hear("listening"))
        runtime = stack.enter_context(
            running(
                contestant.argv(workload.handler),
                cores=runtime_cores,
                folder=TASK,
                environment=contestant.variables(port, lanes),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        )
        conversation.runtime = runtime
        conversation.hear("idle")
        conversation.serve(max(count // WARM_UP_SHARE, lanes))
        family = tree(runtime.pid)
        before = cpu_ns(family)
        figures = conversation.serve(count)
        after = cpu_ns(family)
        if tree(runtime.pid) != family:
            raise Stuck(f"{contestant.name} replaced a process meanwhile:\n{conversation.log()}")
        return Sample(
            contestant=contestant.name,
            lanes=lanes,
            workload=workload.name,
            pin=pin,
            round=turn,
            invocations=count,
            processes=len(family),
            cpu_us=(after - before) / count / 1000,
            wall_us=figures["wall_ns"] / count / 1000,
            server_cpu_us=figures["server_cpu_ns"] / count / 1000,
            pss_mib=pss_bytes(family) / 2**20,
        )


class Conversation:
    """The lines that the server and we exchange, each waited for with patience that ends."""

    def __init__(
        self, server: subprocess.Popen[bytes], log_file: Path, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Talk to a server; the log is the runtime's, for the message if things go wrong."""
        self._patience_seconds = patience_seconds
        self._pipes = _pipes(server)
        self._log_file = log_file
        self.runtime: subprocess.Popen[bytes] | None = None  # whose death ends all waiting

    def serve(self, count: int) -> dict[str, Any]:
        """Have so many events served, and return the server's figures."""
        self.tell(f"serve {count}")
        figures: dict[str, Any] = json.loads(self.hear("idle"))
        if figures["errors"] or figures["invocations"] != count:
            raise Stuck(f"not all of {count} invocations succeeded: {figures}\n{self.log()}")
        return figures

    def tell(self, line: str) -> None:
        """Say a line."""
        self._pipes[0].write(f"{line}\n".encode())

    def order(self, count: int) -> None:
        """Have so many events handed out."""
        self._pipes[0].write(b"serve %d\n" % count)

    def hear(self, word: str) -> str:
        """Wait for a line that begins with the word, and return the rest of it."""
        line = b""
        deadline = time.monotonic() + self._patience_seconds
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._pipes[1]], [], [], GLANCE_SECONDS)
            alive = self.runtime is None or self.runtime.poll() is None
            if not ready and alive and time.monotonic() < deadline:
                continue
            more = self._pipes[1].read(4096) if ready else b""
            if not more:
                raise Stuck(
                    f"the server never said {word!r}, only {line!r}; the runtime wrote:\n{self.log()}"
                )
            line += more
        said, _, rest = line.decode().partition(" ")
        if said != word:
            raise Stuck(f"the server said {line!r} where {word!r} was due:\n{self.log()}")
        return rest.strip()

    def log(self) -> str:
        """The end of what the runtime wrote."""
        return self._log_file.read_text(errors="replace")[-3000:]


def _pipes(server: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert server.stdin is not None  # noqa: S101 - both were asked for, the types cannot tell
    assert server.stdout is not None  # noqa: S101
    return server.stdin, server.stdout
