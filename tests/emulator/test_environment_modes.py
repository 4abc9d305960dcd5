"""What an environment can be made to do as on the platform: freeze, end for want of memory, be restored."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import anyio
import psutil
import pytest

from aioric_emulator import Emulator
from tests.emulator.polling import until

if TYPE_CHECKING:
    from pathlib import Path


async def test_nothing_runs_between_invocations(toy_command: list[str], tmp_path: Path) -> None:
    """A thread that goes on after the answer is stopped with its process, and goes on with the next one."""
    marker = tmp_path / "ticks"
    async with Emulator("toy.handler", command=toy_command, task_root=tmp_path, freeze=True) as fn:
        await fn.invoke({"do": "tick", "marker": str(marker)})
        frozen = marker.read_text() if marker.exists() else ""
        await anyio.sleep(0.2)  # the time in which nothing may happen
        assert (marker.read_text() if marker.exists() else "") == frozen
        await fn.invoke({"do": "sleep", "seconds": 0.1})
        await fn.invoke({})
    times = [float(line) for line in marker.read_text().splitlines()]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(gaps, default=1.0) > 0.15


async def test_a_frozen_runtime_still_hears_of_its_end(toy_command: list[str], tmp_path: Path) -> None:
    """SIGTERM reaches it, with an extension; and without one it is killed as ever."""
    marker = tmp_path / "marker"
    variables = {"TOY_INIT": "extension", "TOY_MARKER": str(marker)}
    async with Emulator(
        "toy.handler", command=toy_command, task_root=tmp_path, env=variables, freeze=True
    ) as fn:
        await fn.invoke({})
    assert marker.read_text() == "SIGTERM"


async def test_a_repeated_init_is_not_frozen(toy_command: list[str], tmp_path: Path) -> None:
    """It is part of the invocation that waits for it."""
    variables = {"TOY_INIT": "once", "TOY_MARKER": str(tmp_path / "marker")}
    async with Emulator(
        "toy.handler", command=toy_command, task_root=tmp_path, env=variables, freeze=True
    ) as fn:
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}


async def test_memory_is_a_limit_when_it_is_enforced(toy_command: list[str], tmp_path: Path) -> None:
    """The caller is told, and the next call gets a new environment; without it nothing happens."""
    event = {"do": "hoard", "size": 200_000_000, "seconds": 2}
    settings = {"command": toy_command, "task_root": tmp_path, "timeout": 10.0}
    async with Emulator("toy.handler", enforce_memory=True, **settings) as fn:  # type: ignore[arg-type]
        started = time.monotonic()
        result = await fn.invoke(event)
        assert time.monotonic() - started < 2
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}
    assert result.payload["errorType"] == "Runtime.OutOfMemory"
    assert result.payload["errorMessage"].endswith("Error: Runtime exited with error: signal: killed")
    assert result.report.error_type == "Runtime.OutOfMemory"
    async with Emulator("toy.handler", **settings) as fn:  # type: ignore[arg-type]
        assert (await fn.invoke(event | {"seconds": 0})).function_error is None


@pytest.mark.parametrize("size", [200_000_000, 140_000_000])
async def test_a_peak_between_two_looks_is_not_missed(
    size: int, toy_command: list[str], tmp_path: Path
) -> None:
    """Memory that is given back at once was used all the same: its invocation has no answer."""
    async with Emulator("toy.handler", command=toy_command, task_root=tmp_path, enforce_memory=True) as fn:
        result = await fn.invoke({"do": "grow", "size": size})
        after = await fn.invoke({"a": 1})
    assert result.payload["errorType"] == "Runtime.OutOfMemory"
    assert result.report.status == "error"
    assert result.report.max_memory_mb >= 128  # the limit itself where the kernel ended it there
    assert (after.payload, after.report.init_ms is not None) == ({"a": 1}, True)


async def test_a_snapshot_is_restored_by_a_call(toy_command: list[str], tmp_path: Path) -> None:
    """Init at once, restore with the first call, and the lines and figures of both."""
    async with Emulator(
        "toy.handler", command=toy_command, task_root=tmp_path, env={"TOY_INIT": "restore"}, snapstart=True
    ) as fn:
        await until(lambda: any("init restore" in line for line in fn.logs))
        first = await fn.invoke({"do": "variables"})
        second = await fn.invoke({})
        logs = fn.logs
    assert "restored 200 b'' snap-start" in logs
    assert "AWS_LAMBDA_LOG_STREAM_NAME" not in first.payload
    assert any(line.startswith("RESTORE_START Runtime Version: ") for line in logs)
    assert any(line.startswith("RESTORE_REPORT Restore Duration: ") for line in logs)
    reports = [line for line in logs if line.startswith("REPORT")]
    assert "Restore Duration: " in reports[0]
    assert "Billed Restore Duration: " in reports[0]
    assert "Init Duration" not in reports[0]
    assert "Restore Duration" not in reports[1]
    assert first.report.init_ms is None
    assert second.payload == {}


async def test_a_restore_can_fail(toy_command: list[str], tmp_path: Path) -> None:
    """The caller gets what the hook reported."""
    variables = {"TOY_INIT": "restore", "TOY_RESTORE_FAILS": "1"}
    async with Emulator(
        "toy.handler",
        command=toy_command,
        task_root=tmp_path,
        env=variables,
        snapstart=True,
        log_format="JSON",
    ) as fn:
        result = await fn.invoke({})
        logs = "".join(fn.logs)
    assert result.payload == {"errorMessage": "no", "errorType": "Toy.RestoreError"}
    assert '"type":"platform.restoreStart"' in logs
    assert '"status":"error"' in logs


async def test_aioric_is_restored(greeter: Path) -> None:
    """Our own runtime, whose function has hooks of the platform's library."""
    (greeter / "app.py").write_text(
        "from snapshot_restore_py import register_after_restore, register_before_snapshot\n"
        "seen = []\n"
        "register_before_snapshot(lambda: seen.append('before'))\n"
        "register_after_restore(lambda: seen.append('after'))\n"
        "def handler(event, context):\n"
        "    return seen\n"
    )
    async with Emulator("app.handler", task_root=greeter, snapstart=True) as fn:
        assert (await fn.invoke()).payload == ["before", "after"]


def test_the_processes_of_these_tests_are_gone() -> None:
    """No environment outlives its emulator, frozen or not."""
    stopped = [
        each for each in psutil.Process().children(recursive=True) if each.status() == psutil.STATUS_STOPPED
    ]
    assert not stopped
