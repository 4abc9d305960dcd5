"""The runtime as a process, from its start to its exit status, against a peer that the test plays."""

from __future__ import annotations

import errno
import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.conformance.runtime_process import RuntimeProcess
from tests.drivers.peer import NEXT, Peer, accepted, event, http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INIT_ERROR = "/2018-06-01/runtime/init/error"
FOUR_LANES = {"AWS_LAMBDA_MAX_CONCURRENCY": "4", "AIORIC_WORKERS": "1"}
BOTH = pytest.mark.parametrize("handler", ["functions.echo", "functions.echo_async"])


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The platform's side."""
    with Peer() as peer:
        yield peer


@BOTH
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_process_serves(peer: Peer, handler: str, loop: str) -> None:
    """A function of either kind is served over one connection, on either loop."""
    with RuntimeProcess(peer.port, handler, AIORIC_LOOP=loop):
        line = peer.accept()
        for number in range(3):
            line.expect_poll()
            line.send(event(f"id-{number}", b'{"a": 1}'))
            assert json.loads(line.expect_response(f"id-{number}").body) == {"a": 1}
            line.send(accepted())
        line.expect_poll()


def test_a_plain_function_may_run_a_loop(peer: Peer) -> None:
    """A `def` handler may call `asyncio.run`, every time."""
    with RuntimeProcess(peer.port, "functions.run_a_loop"):
        line = peer.accept()
        for number in range(3):
            line.expect_poll()
            line.send(event(f"id-{number}", b'{"pause": 0}'))
            line.expect_response(f"id-{number}")
            line.send(accepted())


@BOTH
def test_without_pipelining_the_poll_waits(peer: Peer, handler: str) -> None:
    """`AIORIC_PIPELINE=0` reaches the driver."""
    with RuntimeProcess(peer.port, handler, AIORIC_PIPELINE="0"):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        assert line.silent()
        line.send(accepted())
        line.expect_poll()


def test_lanes_are_as_many_as_the_platform_says(peer: Peer) -> None:
    """`AWS_LAMBDA_MAX_CONCURRENCY=4`: four polls are outstanding, and not a fifth."""
    with RuntimeProcess(peer.port, "functions.echo_async", **FOUR_LANES):
        lines = [peer.accept() for _ in range(4)]
        for line in lines:
            line.expect_poll()
        assert peer.deserted()
        assert all(line.silent() for line in lines)


@BOTH
@pytest.mark.parametrize("status", [403, 500])
def test_a_refused_poll_ends_the_process(peer: Peer, handler: str, status: int) -> None:
    """A poll that is refused ends the process with status 1, and the log says why."""
    with RuntimeProcess(peer.port, handler) as process:
        line = peer.accept()
        line.expect_poll()
        line.send(http(status, b"no more"))
        assert process.ended() == 1
        assert f"{NEXT.removeprefix('/2018-06-01')} was answered {status} no more" in process.log()
        assert "Traceback" not in process.log()


@BOTH
def test_a_500_to_an_answer_ends_the_process(peer: Peer, handler: str) -> None:
    """An answer to which the platform says 500 ends the process with status 1."""
    with RuntimeProcess(peer.port, handler) as process:
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.send(http(500, b"broken"))
        assert process.ended() == 1
        assert "the Runtime API cannot go on: 500 broken" in process.log()
        assert "Traceback" not in process.log()


@BOTH
def test_a_platform_that_is_not_there_ends_the_process(peer: Peer, handler: str) -> None:
    """A Runtime API that refuses connections ends the process after a few tries: status 1, and the reason."""
    peer.stop_listening()
    with RuntimeProcess(peer.port, handler) as process:
        assert process.ended() == 1
        assert "The runtime ends: the Runtime API was lost 6 times in a row" in process.log()
        refused = f"[Errno {errno.ECONNREFUSED}] {os.strerror(errno.ECONNREFUSED)}"
        assert f"; the last time: {refused}" in process.log()
        assert "Traceback" not in process.log()


def test_several_lanes_end_quietly(peer: Peer) -> None:
    """A platform that breaks on every lane leaves one line in the log, and nothing of the event loop's."""
    with RuntimeProcess(peer.port, "functions.echo_async", **FOUR_LANES) as process:
        lines = [peer.accept() for _ in range(4)]
        for line in lines:
            line.expect_poll()
        for line in lines[:3]:
            line.send(http(500, b"broken"))
        assert process.ended() == 1
        assert len(process.log().splitlines()) == 1


@pytest.mark.parametrize("handler", ["functions.leave", "functions.leave_async"])
def test_a_handler_may_end_the_process(peer: Peer, handler: str) -> None:
    """`sys.exit(3)` in a handler is the process's exit status; nothing is posted."""
    with RuntimeProcess(peer.port, handler) as process:
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert process.ended() == 3
        assert line.hung_up()


@pytest.mark.parametrize("managed", [False, True], ids=["classic", "managed"])
@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("lacking.handler", "Runtime.ImportModuleError"),
        ("functions.absent", "Runtime.HandlerNotFound"),
        ("broken.handler", "Runtime.UserCodeSyntaxError"),
        ("nodot", "Runtime.MalformedHandlerName"),
    ],
)
@pytest.mark.parametrize("status", [202, 403, 500])
def test_a_failed_start_is_reported_once(
    peer: Peer, tmp_path: Path, handler: str, error_type: str, status: int, *, managed: bool
) -> None:
    """What keeps a function from starting is posted to init/error, once, and is the end, with status 1."""
    if handler.startswith("broken"):  # written here, so that no tool stumbles over it
        (tmp_path / "broken.py").write_text("def handler(:\n")
    settings = {"LAMBDA_TASK_ROOT": str(tmp_path)} if handler.startswith("broken") else {}
    settings |= FOUR_LANES if managed else {}
    with RuntimeProcess(peer.port, handler, **settings) as process:
        line = peer.accept()
        request = line.expect("POST", INIT_ERROR)
        assert request.headers["lambda-runtime-function-error-type"] == error_type
        body = json.loads(request.body)
        assert body["errorType"] == error_type
        line.send(http(status, b"as you say"))
        assert process.ended() == 1
        assert line.hung_up()
        assert peer.deserted()
        assert ("did not accept the report" in process.log()) is (status == 500)


def test_an_import_may_end_the_process(peer: Peer) -> None:
    """`sys.exit(3)` while the function is imported is reported, and is the process's exit status."""
    with RuntimeProcess(peer.port, "leaving.handler") as process:
        line = peer.accept()
        line.expect("POST", INIT_ERROR)
        line.send(accepted())
        assert process.ended() == 3
