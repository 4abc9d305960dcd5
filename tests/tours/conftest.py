"""A running `aioric dev` with the functions of the tours, and who calls it."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import httpx
import pytest

from tests.emulator.polling import until
from tests.emulator.test_cli import Served

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Iterator

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".cache" / "tours"
TASK = Path(__file__).parent / "task"


@dataclass
class Stop:
    """What a tour needs: an endpoint, what a queued event writes to, a function that can be kept busy."""

    endpoint: str
    notes: Path
    started: Path

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep the only environment of the function `busy` at work."""
        url = f"{self.endpoint}/2015-03-31/functions/busy/invocations"
        thread = threading.Thread(target=lambda: httpx.post(url, content=b"{}", timeout=60))
        thread.start()
        try:
            yield
        finally:
            self.started.unlink()
            thread.join()

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which any SDK finds the endpoint, and nothing else of this machine's."""
        names = ("PATH", "HOME", "LANG")
        return {name: os.environ[name] for name in names if name in os.environ} | {
            "AWS_ENDPOINT_URL_LAMBDA": self.endpoint,
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    async def run(self, *command: str | Path) -> subprocess.CompletedProcess[bytes]:
        """Run a client to its end."""
        return await anyio.run_process([str(each) for each in command], check=False, env=self.environment)


@pytest.fixture
async def stop(tmp_path: Path) -> AsyncIterator[Stop]:
    """Serve the functions."""
    notes, started = tmp_path / "notes", tmp_path / "started"
    (tmp_path / "aioric.toml").write_text(
        "".join(
            f'[functions.{name}]\nhandler = "app.{handler}"\ntask_root = "{TASK}"\ntimeout = 60\n'
            f'max_environments = {environments}\nenv = {{ NOTES = "{notes}", STARTED = "{started}" }}\n'
            for name, handler, environments in (
                ("echo", "handler", 4),
                ("busy", "busy", 1),
                ("stream", "stream", 4),
            )
        )
    )
    async with Served(tmp_path, "--no-reload") as served:
        endpoint = served.log.partition("--endpoint ")[2].split()[0]
        yield Stop(endpoint, notes, started)


async def wait_for(path: Path) -> None:
    """Wait for a file that a function makes."""
    await until(path.exists)


def tool(name: str) -> Path:
    """Give a client that `make tours` installs."""
    path = TOOLS / name
    if not path.exists():
        pytest.skip("no clients: `make tours` installs them")
    return path
