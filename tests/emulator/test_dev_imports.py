"""What `aioric dev` loads until its first answer, pinned: what nobody asked for must not come back."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import anyio.to_thread
import httpx
import pytest

from tests.emulator.polling import until
from tests.emulator.test_cli import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# As the interpreter itself tells of each import, in the process that serves.
IMPORTED = re.compile(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)

# What is loaded by who asks for it, and by nobody else; each is some milliseconds.
DEAR = {
    "aioric": "a function in this very process; beside the image's emulator there is none",
    "aioric_emulator.client": "aioric invoke",
    "aioric_emulator.conformance": "aioric conformance",
    "aioric_emulator.debugging": "--debug-port",
    "aioric_emulator.disruptions": "tests",
    "aioric_emulator.emulator": "tests",
    "aioric_emulator.fronts.asking": "an API's authorizers",
    "aioric_emulator.fronts.authorizers": "likewise",
    "aioric_emulator.fronts.declaring": "--url, --http-api, --rest-api, --alb; a file's fronts",
    "aioric_emulator.fronts.serving": "likewise",
    "aioric_emulator.fronts.settings": "likewise",
    "aioric_emulator.invoke_command": "aioric invoke",
    "aioric_emulator.layers": "--layer; a file's layers",
    "aioric_emulator.memory_group": "--enforce-memory",
    "aioric_emulator.optimize": "aioric optimize",
    "aioric_emulator.project_file": "aioric.toml",
    "aioric_emulator.recording": "--record",
    "aioric_emulator.samples": "aioric events",
    "aioric_emulator.snapshot.copying": "--snapstart",
    "aioric_emulator.template": "--file template.yaml",
    "boto3": "aioric invoke --remote",
    "botocore": "aioric invoke --remote",
    "httpx": "aioric invoke",
    "tempfile": "Managed Instances",
    "tomllib": "aioric.toml",
    "yaml": "--file template.yaml",
}
if sys.platform == "linux":
    DEAR["psutil"] = "the end of an environment; the measure of memory elsewhere"


async def loaded(folder: Path, *words: str) -> set[str]:
    """Give what a start of `aioric dev` has loaded when it has answered once."""
    command = [sys.executable, "-X", "importtime", "-m", "aioric_emulator.cli", "dev", *words, "--port", "0"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: ASYNC220 - starts at once
            command, stdout=output, stderr=output, cwd=folder, env=environment()
        )
    try:
        await until(lambda: "Invoke with: " in log.read_text() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        address = log.read_text().partition(" at http")[2].split()[0]
        async with httpx.AsyncClient(timeout=15) as client:
            assert (await client.post(f"http{address}", content=b'{"a": 1}')).json() == {"a": 1}
    finally:
        process.kill()
        await anyio.to_thread.run_sync(process.wait)
    return set(IMPORTED.findall(log.read_text()))


async def test_the_first_answer_waits_for_nothing_that_nobody_asked_for(
    toy_command: Sequence[str], tmp_path: Path
) -> None:
    """A function on the command line is served without what files, fronts, tests or other commands need."""
    found = await loaded(tmp_path, "toy.handler", "--", *toy_command)

    dear = {name for name in found for each in DEAR if name == each or name.startswith(f"{each}.")}
    assert not dear
    assert "aioric_emulator.local_lambda" in found


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (lambda _: ("--url", "0"), "aioric_emulator.fronts.function_url"),
        (lambda folder: ("--record", str(folder / "calls")), "aioric_emulator.recording"),
    ],
    ids=["front", "record"],
)
async def test_what_is_asked_for_is_loaded(
    words: Callable[[Path], tuple[str, ...]], module: str, toy_command: Sequence[str], tmp_path: Path
) -> None:
    """The same start with an option has the option's modules: the list above names what there is."""
    found = await loaded(tmp_path, "toy.handler", *words(tmp_path), "--", *toy_command)

    assert module in found
    assert "aioric_emulator.fronts.authorizers" not in found
