"""One cold start: a fresh process, timed from its exec to the moment its first answer has arrived."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sysconfig
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from bench.contestants import ROOT
from bench.method import PATIENCE_SECONDS, Conversation, Stuck
from bench.processes import running
from bench.server import command, compiled
from bench.starts import EVENT

if TYPE_CHECKING:
    from bench.starts import Start

# Only what each process executes: no cache model, which takes longer and tells nothing repeatable.
VALGRIND = (
    *("valgrind", "--tool=cachegrind", "--cache-sim=no"),
    *("--cachegrind-out-file=/dev/null", "--trace-children=yes"),
)
COUNTED = re.compile(rb"I\s+refs:\s+([\d,]+)")
STOP_SECONDS = 30.0

# What awslambdaric's start imports beside the standard library, in our environment's site-packages.
OFFICIAL_PARTS = ("awslambdaric", "runtime_client", "simplejson")
COUNTING_SECONDS = 400.0  # valgrind is some fifty times slower, and machines may be busy


@dataclass(frozen=True)
class Sample:
    """One start; the figure is in milliseconds or in millions of instructions."""

    function: str
    contestant: str
    round: int
    figure: float
    unit: str


class Launcher:
    """Starts runtimes one after the other, against one server.

    Args:
        slow: Whether files are evicted from the page cache before, and reading them takes time.
        count: Whether instructions are counted in place of time.
    """

    def __init__(self, *, slow: bool = False, count: bool = False) -> None:
        self._slow = slow
        self._count = count
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start the server."""
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        self._log = folder / "log"
        event = folder / "event.json"
        event.write_text(json.dumps(EVENT))
        cores = set(os.sched_getaffinity(0))
        server = running(command(event, 1), cores=cores, folder=ROOT, stdin=subprocess.PIPE)
        self._server = self._stack.enter_context(server)
        self._log.touch()
        patience = COUNTING_SECONDS if self._count else PATIENCE_SECONDS
        self._talk = Conversation(self._server, self._log, patience)
        self._port = int(self._talk.hear("listening"))
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._stack.close()

    def take(self, start: Start, turn: int, *, invocations: int = 1) -> Sample:
        """Start a runtime, have so many events served, and end it.

        Raises:
            Stuck: It did not answer.
        """
        variables = start.variables(self._port)
        if self._slow:
            variables |= slow_storage()
            evict(start.folder)
        self._talk.order(invocations)
        argv = [*(VALGRIND if self._count else ()), *start.command]
        with self._log.open("wb") as log:
            began = time.monotonic_ns()
            runtime = subprocess.Popen(
                argv,
                cwd=start.folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                close_fds=False,
            )
            self._talk.runtime = runtime
            try:
                figures = json.loads(self._talk.hear("idle"))
                runtime.send_signal(signal.SIGTERM if self._count else signal.SIGKILL)
            finally:
                self._talk.runtime = None
                end(runtime)
        if figures["errors"]:
            raise Stuck(f"{start.contestant} failed with {start.function}:\n{self._talk.log()}")
        if self._count:
            counted = COUNTED.findall(self._log.read_bytes())
            if not counted:
                raise Stuck(f"valgrind did not count:\n{self._talk.log()}")
            millions = int(counted[-1].replace(b",", b"")) / 1e6
            return Sample(start.function, start.contestant, turn, millions, "M instructions")
        return Sample(start.function, start.contestant, turn, (figures["ended_ns"] - began) / 1e6, "ms")


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was told to end; kill it where it does not."""
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def evict(folder: Path) -> None:
    """Take the files of function, runtimes and the interpreter's library out of the page cache."""
    packages = Path(sysconfig.get_path("purelib"))
    theirs = [path for name in OFFICIAL_PARTS for path in packages.glob(f"{name}*")]
    for root in (folder, ROOT / "runtime", Path(os.__file__).parent, Path(json.__file__).parents[1], *theirs):
        for path, _, names in os.walk(root) if root.is_dir() else [(root.parent, [], [root.name])]:
            for name in names:
                if name.endswith((".py", ".pyc", ".so", ".json", ".gz", ".pack")):
                    file = os.open(f"{path}/{name}", os.O_RDONLY)
                    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
                    os.close(file)


def slow_storage() -> dict[str, str]:
    """Variables that make each read of a file wait, unless the page cache has it.

    Raises:
        SystemExit: There is no compiler to build that with.
    """
    library = compiled("slow_storage.c", "-shared", "-fPIC", "-ldl", "-lpthread")
    if library is None:
        raise SystemExit("slow storage takes a C compiler to imitate, and there is none here")
    return {"LD_PRELOAD": str(library)}
