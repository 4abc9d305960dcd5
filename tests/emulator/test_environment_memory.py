"""The memory limit of running functions: kept by the kernel where it can be, and by looking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aioric_emulator import Emulator
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.memory_group import NoGroupError, find_place
from tests.emulator.polling import until
from tests.emulator.test_cli import Served

if TYPE_CHECKING:
    from collections.abc import Callable

# Takes 300 MB and says so; in a child of its own where it is asked for.
GREEDY = """
import subprocess, sys

TAKE = "held = bytearray(300_000_000); print('had it all', flush=True)"

def handler(event, context):
    if event.get("child"):
        return subprocess.run([sys.executable, "-c", TAKE]).returncode
    if event.get("take"):
        exec(TAKE)
    return "answer"
"""


@pytest.fixture
def greedy(tmp_path: Path) -> Path:
    """Give the folder of a function that takes more than it has."""
    (tmp_path / "app.py").write_text(GREEDY)
    return tmp_path


def groups_in(limit: str) -> list[Path]:
    """Give the control groups that are there, by what is said of who keeps the limit."""
    folder = limit.partition("control groups below ")[2].splitlines()
    return list(Path(folder[0]).glob("aioric-*-*")) if folder else []


@pytest.mark.parametrize("who", ["take", "child"])
async def test_nobody_gets_more_than_there_is(who: str, greedy: Path) -> None:
    """Neither the runtime nor a child of its has the memory for a moment, and the caller is told."""
    async with Emulator("app.handler", task_root=greedy, enforce_memory=True, timeout=20) as fn:
        result = await fn.invoke({who: True})
        again = await fn.invoke({})
        logs = fn.logs
        count = len(groups_in(fn.memory_limit))
    assert result.payload["errorType"] == "Runtime.OutOfMemory"
    assert result.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert again.payload == "answer"
    if fn.memory_limit.startswith("kept by the kernel"):
        assert count >= 1
        assert not any("had it all" in line for line in logs)
        # As on the platform, where all there is, is what was used.
        assert 128 <= result.report.max_memory_mb < 160
    else:
        assert "not kept by the kernel" in fn.memory_limit
    assert groups_in(fn.memory_limit) == []


async def test_an_extension_is_part_of_it(greedy: Path, extensions: Callable[..., Path]) -> None:
    """What it uses, the function has not, whether or not that has answered by then."""
    folder = extensions("greedy", events=["INVOKE"], deed="hoard")
    async with Emulator(
        "app.handler", task_root=greedy, enforce_memory=True, extensions=folder, timeout=20
    ) as fn:
        result = await fn.invoke({})
    assert result.report.error_type == "Runtime.OutOfMemory"


async def test_looking_is_enough(toy_command: list[str], tmp_path: Path) -> None:
    """Where there is no control group, what was too much for a moment has no answer all the same."""
    function = FunctionConfiguration("toy.handler", tuple(toy_command), tmp_path, enforces_memory=True)
    async with LocalLambda([function]) as local:
        result = await local.functions["function"].invoke({"do": "grow", "size": 200_000_000})
        again = await local.functions["function"].invoke({"a": 1})
    assert result.payload["errorType"] == "Runtime.OutOfMemory"
    assert result.report.max_memory_mb > 128
    assert again.payload == {"a": 1}


async def test_who_keeps_it_is_said_and_nothing_stays(greedy: Path) -> None:
    """By `aioric dev` at its start; after SIGKILL there are neither processes nor groups of its."""
    async with Served(greedy, "app.handler", "--enforce-memory", "--no-reload") as served:
        await until(lambda: "The memory limit is " in served.log)
        assert await served.invoke("function") == "answer"
        own = [each for each in groups_in(served.log) if f"aioric-{served.process.pid}-" in each.name]
        try:
            find_place()
        except NoGroupError:
            assert "not kept by the kernel: " in served.log
            assert own == []
        else:
            assert "The memory limit is kept by the kernel" in served.log
            assert len(own) == 1
        served.process.kill()
        await until(lambda: not any(each.exists() for each in own))


async def test_without_a_limit_nothing_is_said(greedy: Path) -> None:
    """The figure is reported, as ever."""
    async with Emulator("app.handler", task_root=greedy, timeout=20) as fn:
        assert (await fn.invoke({"take": True})).report.max_memory_mb > 280
        assert fn.memory_limit == ""
