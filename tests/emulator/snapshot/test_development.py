"""`aioric dev --snapstart`: what copies of the snapshot share is in the log before anybody calls."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread

from tests.emulator.polling import is_alive, until
from tests.emulator.test_cli import Development, aioric, environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SOURCE = """
import os, random
RNG = random.Random()
def handler(event, context):
    return os.getpid()
"""


@asynccontextmanager
async def development(task: Path, *options: str) -> AsyncIterator[Development]:
    """Run `aioric dev --snapstart` while the context is open."""
    (task / "app.py").write_text(SOURCE)
    command = [sys.executable, "-m", "aioric_emulator.cli", "dev", "app.handler", "--port", "0"]
    command += ["--task-root", str(task), "--snapstart", *options]
    log = task / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())  # noqa: ASYNC220 - starts at once
    running = Development(log, process)
    try:
        await running.started()
        yield running
    finally:
        process.kill()
        await anyio.to_thread.run_sync(process.wait)


async def test_what_copies_share_is_told_at_once(tmp_path: Path) -> None:
    """And again for the code that takes its place; a changed file is a new snapshot."""
    async with development(tmp_path, "--copies", "3") as running:
        await until(lambda: "app.RNG: random state" in running.log)
        assert "SnapStart: 3 copies of the snapshot share what should be unique:" in running.log
        (tmp_path / "app.py").write_text(SOURCE.replace("RNG = random.Random()", ""))
        await until(lambda: "share nothing that should be unique" in running.log)


async def test_nothing_survives_sigkill(tmp_path: Path) -> None:
    """Neither the snapshot nor a copy, and there is no check of a single one."""
    async with development(tmp_path, "--copies", "1") as running:
        done = await aioric("invoke", "{}", "--endpoint", running.endpoint)
        pid = json.loads(done.stdout)
        assert is_alive(pid)
        assert "share" not in running.log
        running.process.kill()
        await until(lambda: not is_alive(pid))
