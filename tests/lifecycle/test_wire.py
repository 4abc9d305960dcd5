"""The order on the wire, the exit statuses and the wake-up after a freeze: the test plays the Runtime API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.drivers.peer import NEXT, PATIENCE, Peer, accepted, event, http
from tests.lifecycle.conftest import MEASURED
from tests.lifecycle.functions import COMMAND, TASK, handlers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.drivers.peer import Line

IDENTIFIER = "a1b2c3d4-5678-90ab-cdef-111111111111"
REGISTER = "/2020-01-01/extension/register"
EVENT_NEXT = "/2020-01-01/extension/event/next"
RESTORE_NEXT = "/2018-06-01/runtime/restore/next"


@contextmanager
def runtime(peer: Peer, handler: str, choice: str = "", **variables: str) -> Iterator[subprocess.Popen[str]]:
    """The real ./bootstrap, with this test as its platform."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{peer.port}",
        "LAMBDA_TASK_ROOT": str(TASK),
        "_HANDLER": handler,
        "CHOICE": choice,
        **MEASURED,
        **variables,
    }
    process = subprocess.Popen(
        COMMAND, env=environment, cwd=TASK, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def registered(peer: Peer) -> Line:
    """Accept a registration, and the wait for an event that follows; the connection of the latter."""
    line = peer.accept()
    request = line.expect("POST", REGISTER)
    assert json.loads(request.body) == {"events": []}
    assert request.headers["lambda-extension-name"]
    line.send(http(200, b'{"functionName":"f"}', headers={"Lambda-Extension-Identifier": IDENTIFIER}))
    waiting = peer.accept()
    assert waiting.expect("GET", EVENT_NEXT).headers["lambda-extension-identifier"] == IDENTIFIER
    return waiting


def output(process: subprocess.Popen[str]) -> str:
    """Wait for the process; what it has printed."""
    printed, _ = process.communicate(timeout=PATIENCE)
    return printed


@handlers
@pytest.mark.parametrize("choice", ["lifespan", "shutdown", "sigterm"])
def test_the_extension_waits_before_the_first_poll(handler: str, choice: str) -> None:
    """Registration, then the wait on its own connection, then the poll; SIGTERM ends it with status 0."""
    with Peer() as peer, runtime(peer, handler, choice) as process:
        waiting = registered(peer)
        line = peer.accept()
        line.expect_poll()
        process.send_signal(signal.SIGTERM)

        assert output(process)
        assert process.returncode == 0
        assert waiting.hung_up()


@handlers
def test_without_hooks_the_first_word_is_the_poll(handler: str) -> None:
    """Nobody wants to know, so nobody registers; SIGTERM ends the process as the system does."""
    with Peer() as peer, runtime(peer, handler) as process:
        peer.accept().expect_poll()
        process.send_signal(signal.SIGTERM)
        output(process)

    assert process.returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    "answer", [http(403, b'{"errorType":"Extension.RegistrationClosed"}'), b"", b"nonsense\r\n\r\n"]
)
def test_a_refused_registration_is_no_failure(answer: bytes) -> None:
    """Whatever becomes of the registration, the function is served."""
    with Peer() as peer, runtime(peer, "app.sync", "lifespan"):
        line = peer.accept()
        line.expect("POST", REGISTER)
        line.send_and_close(answer) if answer else line.close()
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")


@handlers
def test_an_answer_is_posted_before_background_work_and_the_poll_after(handler: str, tmp_path: Path) -> None:
    """With work to do the answer leaves alone; the poll follows when the work is done."""
    gate = tmp_path / "gate"
    payload = json.dumps({"work": ["block_async"], "path": str(gate)}).encode()
    with Peer() as peer, runtime(peer, handler):
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", payload))
        line.expect_response("id-1")
        line.send(accepted())
        assert line.silent()
        gate.touch()
        line.expect_poll()
        line.send(event("id-2"))
        line.expect_response("id-2")
        line.expect_poll()


@handlers
def test_the_answer_is_acknowledged_before_the_end(handler: str) -> None:
    """SIGTERM between answer and acknowledgement: the process waits for the latter, and polls no more."""
    with Peer() as peer, runtime(peer, handler, "lifespan") as process:
        registered(peer)
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")
        line.expect_poll()
        process.send_signal(signal.SIGTERM)
        assert line.silent()
        line.send(accepted())

        assert "database closes" in output(process)
        assert process.returncode == 0


@handlers
def test_before_snapshot_fails_with_status_64(handler: str) -> None:
    """The report goes to `/init/error` with AWS's type in the header and the exception's in the body."""
    handler = handler.replace("app.", "snap.")
    with (
        Peer() as peer,
        runtime(peer, handler, "before", AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") as process,
    ):
        registered(peer)
        line = peer.accept()
        report = line.expect("POST", "/2018-06-01/runtime/init/error")
        line.send(accepted())
        output(process)

    _check_report(report.headers, report.body, "Runtime.BeforeSnapshotError", "'bfail'")
    assert process.returncode == 64


@pytest.mark.parametrize("answer", [http(403, b"{}"), http(500, b"{}"), b""], ids=["403", "500", "closed"])
def test_a_refused_restore_fails_with_status_64(answer: bytes) -> None:
    """If `/restore/next` itself fails, no snapshot can be taken."""
    with Peer() as peer, runtime(peer, "snap.sync", AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") as process:
        registered(peer)
        line = peer.accept()
        line.expect("GET", RESTORE_NEXT)
        line.send_and_close(answer) if answer else line.close()
        report = peer.accept()
        assert report.expect("POST", "/2018-06-01/runtime/init/error")
        report.send_and_close(http(500, b"{}"))
        output(process)

    assert process.returncode == 64


@handlers
def test_after_restore_fails_with_status_65(handler: str) -> None:
    """The report goes to `/restore/error`, after the wait on a connection of its own."""
    handler = handler.replace("app.", "snap.")
    with (
        Peer() as peer,
        runtime(peer, handler, "after", AWS_LAMBDA_INITIALIZATION_TYPE="snap-start") as process,
    ):
        registered(peer)
        line = peer.accept()
        line.expect("GET", RESTORE_NEXT)
        line.send(http(200))
        line = peer.accept()
        report = line.expect("POST", "/2018-06-01/runtime/restore/error")
        line.send(accepted())
        output(process)

    _check_report(report.headers, report.body, "Runtime.AfterRestoreError", "'afail'")
    assert process.returncode == 65


@handlers
def test_after_the_restore_every_connection_is_new(handler: str) -> None:
    """The wait for the end and the poll leave on connections that were opened after the restore."""
    handler = handler.replace("app.", "snap.")
    with Peer() as peer, runtime(peer, handler, AWS_LAMBDA_INITIALIZATION_TYPE="snap-start"):
        registered(peer)
        line = peer.accept()
        line.expect("GET", RESTORE_NEXT)
        assert peer.deserted()
        line.send(http(200))
        waiting = peer.accept()
        assert waiting.expect("GET", EVENT_NEXT).headers["lambda-extension-identifier"] == IDENTIFIER
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        assert line.expect_response("id-1").body


def _check_report(headers: dict[str, str], body: bytes, error_type: str, message: str) -> None:
    assert headers["lambda-runtime-function-error-type"] == error_type
    report = json.loads(body)
    assert list(report) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert report["errorType"] == "KeyError"
    assert report["errorMessage"] == message
    assert report["requestId"] == ""
    assert "snap.py" in report["stackTrace"][-1]


def freeze(process: subprocess.Popen[str]) -> None:
    """Stop the process, as the platform does between two invocations; returns when it stands still."""
    process.send_signal(signal.SIGSTOP)
    deadline = time.monotonic() + PATIENCE
    while psutil.Process(process.pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < deadline


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_poll_that_died_in_a_freeze_is_sent_again(handler: str, loop: str) -> None:
    """The connection ends while the process is frozen in its poll: after the thaw it polls on another one."""
    with Peer() as peer, runtime(peer, handler, AIORIC_LOOP=loop) as process:
        line = peer.accept()
        line.expect_poll()
        freeze(process)
        line.close()
        process.send_signal(signal.SIGCONT)
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1"))
        line.expect_response("id-1")


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_an_answer_after_a_freeze_takes_a_connection_that_stands(
    handler: str, loop: str, tmp_path: Path
) -> None:
    """The connection ends while the handler is frozen: the answer leaves on another one, once."""
    gate = tmp_path / "gate"
    with Peer() as peer, runtime(peer, handler, AIORIC_LOOP=loop) as process:
        line = peer.accept()
        line.expect_poll()
        line.send(event("id-1", json.dumps({"wait": str(gate)}).encode()))
        assert process.stdout is not None
        while "waiting" not in process.stdout.readline():
            continue
        freeze(process)
        line.close()
        gate.touch()
        process.send_signal(signal.SIGCONT)
        line = peer.accept()
        line.expect_response("id-1")
        line.expect_poll()
        line.send(accepted())
        line.send(event("id-2"))
        line.expect_response("id-2")


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_an_event_that_came_in_a_freeze_is_served(handler: str, loop: str) -> None:
    """An event that was delivered to a frozen process is served after the thaw, with jumped clocks."""
    with Peer() as peer, runtime(peer, handler, AIORIC_LOOP=loop) as process:
        line = peer.accept()
        line.expect_poll()
        freeze(process)
        line.send(event("id-1", headers={"Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) - 5000)}))
        process.send_signal(signal.SIGCONT)
        line.expect_response("id-1")
        line.expect("GET", NEXT)
