"""The runtime as a real process: `./bootstrap` with the variables that the platform sets."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

HERE = Path(__file__).parent
BOOTSTRAP = HERE.parent.parent / "bootstrap"
TASK_ROOT = HERE / "task"
PATIENCE = 20.0  # seconds, for a process to end


class RuntimeProcess:
    """Started on entering, gone on leaving.

    Args:
        port: Of the Runtime API.
        handler: What `_HANDLER` says.
        settings: Further variables.
    """

    def __init__(self, port: int, handler: str, **settings: str) -> None:
        self._environ = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "LAMBDA_TASK_ROOT": str(TASK_ROOT),
            "_HANDLER": handler,
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **settings,
        }
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed on leaving

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._output.close()

    def start(self) -> None:
        """Start it, again if it has ended."""
        self._process = subprocess.Popen(
            [BOOTSTRAP], env=self._environ, cwd=TASK_ROOT, stdout=self._output, stderr=self._output
        )

    def ended(self) -> int:
        """Wait until it has ended by itself; returns its exit status."""
        return self._process.wait(PATIENCE)

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def memory(self) -> int:
        """What it has in memory, in KiB."""
        for line in Path(f"/proc/{self._process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Rss:"):
                return int(line.split()[1])
        raise AssertionError("the kernel says nothing of this process's memory")

    def log(self) -> str:
        """Everything that it has written."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")
