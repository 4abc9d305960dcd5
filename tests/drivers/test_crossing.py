"""What is done about an import that left something behind; as a whole it is in tests/e2e/test_workers.py."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from aioric.drivers.crossing import prepare
from tests.lifecycle.journals import Lines, config, journal

if TYPE_CHECKING:
    import pytest

RUNTIME = Path(__file__).parents[2] / "runtime"
START_OVER = """
import os, sys
from aioric.config import Config
from aioric.drivers.crossing import start_over
if os.environ.get("AIORIC_PRELOAD") != "0":
    os.environ["LATE"] = "1"
    start_over(Config(os.environ))
os.write(int(os.environ["_LAMBDA_TELEMETRY_LOG_FD"]), b"again" + os.environ.get("LATE", "").encode())
"""


def test_who_insists_is_only_warned(caplog: pytest.LogCaptureFixture) -> None:
    """With `AIORIC_PRELOAD=1` the process goes on, whatever is left, and the log says what that is."""
    release = threading.Event()
    thread = threading.Thread(target=release.wait, name="metrics")
    thread.start()
    try:
        prepare(config(AIORIC_PRELOAD="1"), journal(Lines()))
    finally:
        release.set()
        thread.join()

    assert "metrics" in caplog.text
    assert "AIORIC_PRELOAD=1 forks all the same" in caplog.text


def test_a_new_start_keeps_the_log_and_forgets_the_import() -> None:
    """The log's descriptor stays open, and the environment is that of the process's beginning."""
    hearing, telling = os.pipe()
    environ = {
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        "PYTHONPATH": str(RUNTIME),
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1",
        "_LAMBDA_TELEMETRY_LOG_FD": str(telling),
    }
    try:
        subprocess.run([sys.executable, "-c", START_OVER], env=environ, pass_fds=[telling], check=True)
        os.close(telling)
        said = os.read(hearing, 100)
    finally:
        os.close(hearing)

    assert said == b"again"
