"""A million invocations at once in one process, each of which looks for what belongs to another.

    python -m bench.cross_talk [--count 1000000] [--lanes 64] [--boto3-every 50]

The function asserts, between awaits, that its context, its context variables and its trace id belong
together; every so often it lets boto3 call a local endpoint from a thread and compares the trace header that
arrived there. It logs its own id, and afterwards each line is compared with the id that the log gave it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.concurrency import PLATFORM, Talk
from bench.contestants import OURS, ROOT, TASK, Contestant
from bench.open_loop import OpenLoop
from bench.processes import running
from bench.runtime_api import EVENT_HEAD

PORTION = 2_000  # invocations at a time: a busy machine must do them within the patience of `bench.method`


class Traced(bytes):
    """The head of an event, in which the event's number also stands in the trace id."""

    def __mod__(self, number: object) -> bytes:
        """Fill in the number, twice."""
        return super().__mod__((number, number))


class Server(OpenLoop):
    """A Runtime API that gives each event a trace id of its own."""

    def __init__(self, event: bytes, lanes: int) -> None:
        super().__init__(event, lanes)
        root = b"Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700"
        if root not in EVENT_HEAD:
            raise ValueError("the events of the benchmark have another trace id now")
        self.head = Traced(self.head.replace(root, b"Root=1-5bef4de7-ad49b0e87f6e%012d"))


def main() -> None:
    """Serve when told to; otherwise run a server and a function, and compare."""
    parser = argparse.ArgumentParser(prog="python -m bench.cross_talk", description="who takes whom for whom")
    parser.add_argument("--count", type=int, default=1_000_000, help="invocations")
    parser.add_argument("--lanes", type=int, default=64, help="at once")
    parser.add_argument("--boto3-every", type=int, default=50, help="one in so many calls an AWS service")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        Server(options.serve.read_bytes(), options.lanes).run()
    else:
        sys.exit(compare(options))


def compare(options: argparse.Namespace) -> int:
    """Run it; returns 0 if nobody was taken for another."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        event, log_file = folder / "event.json", folder / "log"
        event.write_bytes(b'{"boto3_every": %d}' % options.boto3_every)
        log = stack.enter_context(log_file.open("wb"))
        everywhere = os.sched_getaffinity(0)
        arguments = ["--serve", str(event), "--lanes", str(options.lanes)]
        command = [sys.executable, "-m", "bench.cross_talk", *arguments]
        server = stack.enter_context(running(command, cores=everywhere, folder=ROOT, stdin=subprocess.PIPE))
        talk = Talk(server, log_file)
        contestant = Contestant("aioric", OURS, environment={"AIORIC_WORKERS": "1"})
        variables = contestant.variables(int(talk.hear("listening")), options.lanes)
        stack.enter_context(
            running(
                [*contestant.command, "talk.look"],
                cores=everywhere,
                folder=TASK,
                environment=variables | PLATFORM | {"AWS_LAMBDA_LOG_LEVEL": "INFO"},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        )
        talk.hear("idle")
        began = time.monotonic()
        done = 0
        while done < options.count:
            done += talk.serve(min(PORTION, options.count - done))["invocations"]  # raises if any has failed
        seconds = time.monotonic() - began
        lines, wrong = examine(log_file)
    print(f"{done} invocations, {options.lanes} at once, {seconds:.0f} s; {lines} records, {wrong} wrong")
    return 1 if wrong or lines != 2 * done else 0


def examine(log_file: Path) -> tuple[int, int]:
    """How many records the function has made, and how many of them bear another's id."""
    lines = wrong = 0
    with log_file.open() as log:
        for line in log:
            record = json.loads(line)
            if record["logger"] in ("root", "stdout"):
                lines += 1
                wrong += record["message"] != record["requestId"]
    return lines, wrong


if __name__ == "__main__":
    main()
