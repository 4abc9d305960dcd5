"""The conformance suite: our runtime passes it, and one that does something else is told so."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from aioric_emulator.cli import main
from aioric_emulator.conformance import stage, suite
from aioric_emulator.conformance.wire import NonconformantError, Wire

BOOTSTRAP = str(Path(__file__).parents[2] / "bootstrap")
OURS = (BOOTSTRAP, "{handler}")
OFFICIAL = (sys.executable, "-m", "awslambdaric", "{handler}")
# What awslambdaric does not do as the contract wants it, or does not offer: see the table in the README.
NOT_OFFICIAL = {8, 9, 15, 16, 17, 18, 19, 25, 30}


def test_there_are_thirty() -> None:
    """Each with a title."""
    assert list(suite.scenarios()) == list(range(1, 31))
    assert all(scenario.__doc__ for scenario in suite.scenarios().values())


@pytest.mark.parametrize("number", range(1, 31))
def test_ours_conforms(number: int) -> None:
    """In every scenario."""
    (verdict,) = suite.run(OURS, suite.FUNCTIONS, [number])
    assert not verdict.complaint, verdict.line


def test_hooks_need_no_library_of_awss(tmp_path: Path) -> None:
    """Where that is not installed, the function's hooks are aioric's own."""
    for file in suite.FUNCTIONS.glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text())
    (tmp_path / "snapshot_restore_py.py").write_text("raise ImportError('not installed')")
    (verdict,) = suite.run(OURS, tmp_path, [27])
    assert not verdict.complaint, verdict.line


@pytest.mark.parametrize("number", [1, 7, 8, 15])
def test_the_official_client_is_judged_alike(number: int) -> None:
    """What it does not do is told, in a sentence."""
    (verdict,) = suite.run(OFFICIAL, suite.FUNCTIONS, [number])
    assert bool(verdict.complaint) is (number in NOT_OFFICIAL), verdict.line


def test_the_command_prints_a_table() -> None:
    """With its sum, and an exit status."""
    done = CliRunner().invoke(main, ["conformance", "--only", "1", "--only", "10", "--", *OURS])
    assert done.exit_code == 0, done.output
    assert " 1  yes  An event with all headers" in done.output
    assert done.output.endswith("2 of 2 scenarios\n")
    bad = CliRunner().invoke(main, ["conformance", "--only", "10", "--", "true"])
    assert bad.exit_code == 1
    assert "10  NO   After 500 to a poll" in bad.output
    assert "did not ask for next and its process has ended" in bad.output


def test_a_command_that_is_not_there() -> None:
    """Is an error in words."""
    done = CliRunner().invoke(main, ["conformance", "--", "/no/such/runtime"])
    assert (done.exit_code, done.output) == (1, "Error: /no/such/runtime: No such file or directory\n")


def test_what_is_not_http_is_told() -> None:
    """A client that speaks something else."""
    import socket  # noqa: PLC0415 - only this test has a client of its own

    wire = Wire()
    with socket.create_connection(("127.0.0.1", wire.port)) as client:
        client.sendall(b"EHLO\r\n\r\n")
        with pytest.raises(NonconformantError, match="not HTTP"):
            wire.poll(5)
    wire.close()


def test_a_runtime_that_never_stops_to_write_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the disk is full."""
    monkeypatch.setattr(stage, "MAX_LOG", 1 << 20)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    (verdict,) = suite.run(["yes"], suite.FUNCTIONS, [1])
    assert "its process has ended; the last line of its log: y" in verdict.line
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == limits


def test_no_runtime_is_left_behind() -> None:
    """SIGTERM ends the one that is played to, and then the suite."""
    command = [sys.executable, "-m", "aioric_emulator.cli", "conformance", "--only", "1", "--", "sleep", "60"]
    with subprocess.Popen(command) as conformance:
        family = psutil.Process(conformance.pid)
        deadline = time.monotonic() + 10
        while not (children := family.children()):
            assert time.monotonic() < deadline
        conformance.terminate()
        assert conformance.wait(10) == 1
    assert psutil.wait_procs(children, timeout=5)[1] == []
