"""Plain generators under `AIORIC_SYNC=threads`, by the real bootstrap: at once, abandoned, failing."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.drivers.peer import PATIENCE, event
from tests.lifecycle.conftest import MEASURED
from tests.lifecycle.functions import COMMAND
from tests.streaming.taking import take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.drivers.peer import Line, Peer

TASK = Path(__file__).parent / "task"
LANES = 3


@contextmanager
def lines(peer: Peer, log: Path) -> Iterator[list[Line]]:
    """The lanes of a runtime that serves on threads of one process, all polling."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{peer.port}",
        "LAMBDA_TASK_ROOT": str(TASK),
        "_HANDLER": "plain.handler",
        "AWS_LAMBDA_MAX_CONCURRENCY": str(LANES),
        "AIORIC_SYNC": "threads",
        "AIORIC_WORKERS": "1",
        **MEASURED,
    }
    with log.open("w") as output:
        process = subprocess.Popen(COMMAND, env=environment, cwd=TASK, stdout=output, stderr=output)
        try:
            yield [polled(peer) for _ in range(LANES)]
        finally:
            process.kill()
            process.wait()


def polled(peer: Peer) -> Line:
    """The next connection, on which an event is waited for."""
    line = peer.accept()
    line.expect_poll()
    return line


def said(log: Path, text: str) -> None:
    """Wait for a text in the log."""
    deadline = time.monotonic() + PATIENCE
    while text not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()


def hand_out(line: Line, **what: str) -> None:
    """Give a lane its event."""
    line.send(event(f"id-{what['name']}", json.dumps(what).encode()))


def test_several_streams_are_under_way_at_once(peer: Peer, tmp_path: Path) -> None:
    """Each has sent its first piece before any of them ends, from a thread of its own."""
    gate = tmp_path / "gate"
    with lines(peer, tmp_path / "log") as lanes:
        for name, line in zip("abc", lanes, strict=True):
            hand_out(line, name=name, gate=str(gate))
        for name, line in zip("abc", lanes, strict=True):
            begun = b""
            while f"{name} begins".encode() not in begun:
                begun += line.segment()
        gate.touch()
        for name, line in zip("abc", lanes, strict=True):
            request = line.expect_response(f"id-{name}")
            assert request.body.endswith(f"{name} ends".encode())


def test_a_failure_in_the_middle_is_told_in_trailers(peer: Peer, tmp_path: Path) -> None:
    """The first piece arrives, the error follows, and another lane's stream is whole."""
    with lines(peer, tmp_path / "log") as lanes:
        hand_out(lanes[0], name="a", fail="no more")
        hand_out(lanes[1], name="b")
        failed, whole = take(lanes[0]), take(lanes[1])
        polled(peer)

    assert failed.body.startswith(b"a begins on lane-")
    assert failed.error["errorType"] == "ValueError"
    assert failed.error["errorMessage"] == "no more"
    assert whole.body.endswith(b"b ends")
    assert whole.trailers == {}


def test_a_peer_that_leaves_is_told_to_its_own_generator(peer: Peer, tmp_path: Path) -> None:
    """`PeerGone` is raised in the stream whose connection was reset; its lane serves again, others go on."""
    log, gate = tmp_path / "log", tmp_path / "gate"
    with lines(peer, log) as lanes:
        hand_out(lanes[0], name="a", endless="yes")
        hand_out(lanes[1], name="b", gate=str(gate))
        lanes[0].segment()
        lanes[0].reset()
        said(log, "a heard PeerGone")
        again = polled(peer)
        hand_out(again, name="c")
        assert take(again).body.endswith(b"c ends")
        gate.touch()
        assert take(lanes[1]).body.endswith(b"b ends")

    assert "b heard" not in log.read_text()
