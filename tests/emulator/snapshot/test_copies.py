"""Copies of a snapshot, as real processes: several restores of one init, each a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aioric_emulator import Emulator, SyncEmulator
from aioric_emulator.snapshot.copying import CopyError
from tests.emulator.conftest import TOY
from tests.emulator.polling import is_alive, until

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION = """
import asyncio, os, random, sys, time
import aioric

print("init", flush=True)
random.seed(1)
FOUND = {
    "path": os.environ.get("PYTHONPATH"),
    "variables": [name for name in os.environ if "SNAPSHOT" in name.upper()],
    "folders": [folder for folder in sys.path if "carried" in folder],
}

@aioric.before_snapshot
def before():
    print("before", flush=True)

@aioric.after_restore
async def after():
    await asyncio.sleep(0)
    print("after", flush=True)

def sync(event, context):
    if "exit" in event:
        os._exit(event["exit"])
    time.sleep(event.get("seconds", 0))
    return {"pid": os.getpid(), "drawn": random.random(), **FOUND}

async def asynchronous(event, context):
    begun = time.monotonic()
    await asyncio.gather(asyncio.sleep(event.get("seconds", 0)), asyncio.to_thread(time.sleep, 0.01))
    return {"pid": os.getpid(), "drawn": random.random(), "took": time.monotonic() - begun}
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Give the folder of the function."""
    (tmp_path / "app.py").write_text(FUNCTION)
    return tmp_path


async def at_once(fn: Emulator, number: int, event: object) -> list[Any]:
    """Invoke several times at once."""
    return [each.payload for each in await asyncio.gather(*(fn.invoke(event) for _ in range(number)))]


@pytest.mark.parametrize(
    ("handler", "loop"),
    [("app.sync", "asyncio"), ("app.asynchronous", "asyncio"), ("app.asynchronous", "uvloop")],
)
async def test_one_snapshot_is_restored_several_times(handler: str, loop: str, task: Path) -> None:
    """One init, and for each of the calls at once a process with hooks and random numbers of its own."""
    variables = {"AIORIC_LOOP": loop}
    async with Emulator(handler, task_root=task, snapstart=True, env=variables, timeout=10) as fn:
        answers = await at_once(fn, 3, {"seconds": 0.3})
        again = await at_once(fn, 3, {"seconds": 0.3})
        logs = fn.logs

    assert len({each["pid"] for each in answers}) == 3
    assert len({each["drawn"] for each in answers}) == 3
    assert {each["pid"] for each in again} == {each["pid"] for each in answers}
    assert [logs.count(line) for line in ("init", "before", "after")] == [1, 1, 3]
    assert sum(line.startswith("RESTORE_REPORT") for line in logs) == 3
    assert sum("Billed Restore Duration" in line for line in logs) == 3


async def test_the_function_sees_nothing_of_it(task: Path) -> None:
    """Neither on its path nor among its variables; its own PYTHONPATH is as it was."""
    other = task / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("import os\nos.write(1, b'the own one\\n')\n")
    variables = {"PYTHONPATH": str(other)}
    async with Emulator("app.sync", task_root=task, snapstart=True, env=variables) as fn:
        found = (await fn.invoke({})).payload
        assert "the own one" in fn.logs
    assert (found["path"], found["variables"], found["folders"]) == (str(other), [], [])


async def test_a_copy_ends_as_any_runtime(task: Path) -> None:
    """Its exit status is told to its caller, the snapshot goes on, and at the end nobody is left."""
    async with Emulator("app.sync", task_root=task, snapstart=True) as fn:
        ended = await fn.invoke({"exit": 3})
        first = await fn.invoke({})
        os.kill(first.payload["pid"], signal.SIGKILL)
        await until(lambda: fn.environment_count == 1)
        second = await fn.invoke({})
    assert ended.payload["errorMessage"].endswith("exit status 3")
    assert second.payload["pid"] != first.payload["pid"]
    assert fn.logs.count("init") == 1
    assert not is_alive(second.payload["pid"])


async def test_a_copy_can_be_frozen(task: Path) -> None:
    """The snapshot and its copies are stopped while nothing runs, and go on when something does."""
    async with Emulator("app.asynchronous", task_root=task, snapstart=True, freeze=True) as fn:
        first = await fn.invoke({})
        assert len({each["pid"] for each in await at_once(fn, 2, {"seconds": 0.2})}) == 2
        assert (await fn.invoke({})).function_error is None
    assert first.function_error is None


async def test_new_code_is_a_new_snapshot(task: Path) -> None:
    """A call that runs is let finish on the old one's copy."""
    async with Emulator("app.sync", task_root=task, snapstart=True) as fn:
        old = await fn.invoke({})
        function = fn._function  # noqa: SLF001 - what `aioric dev` does when a file changes
        async with anyio.create_task_group() as tasks:
            results: list[Any] = []

            async def call() -> None:
                results.append(await fn.invoke({"seconds": 0.5}))

            tasks.start_soon(call)
            await until(lambda: sum(line.startswith("START") for line in fn.logs) == 2)
            function.renew()
        new = await fn.invoke({})
        assert fn.logs.count("init") == 2
    assert results[0].payload["pid"] == old.payload["pid"] != new.payload["pid"]


async def test_the_official_client_is_copied_too(official_command: list[str], task: Path) -> None:
    """Its calls come from C code; which copy they are of is told by the process that they come from."""
    (task / "app.py").write_text(
        "import os, random, time\n"
        "def handler(event, context):\n"
        "    time.sleep(event['seconds'])\n"
        "    return {'pid': os.getpid(), 'drawn': random.random()}\n"
    )
    async with Emulator(
        "app.handler", task_root=task, command=official_command, snapstart=True, timeout=10
    ) as fn:
        answers = await at_once(fn, 2, {"seconds": 0.3})
        report = await fn.uniqueness()
    assert len({each["pid"] for each in answers}) == 2
    assert len({each["drawn"] for each in answers}) == 1
    assert "random" in {each.where for each in report.shared}


async def test_what_cannot_be_copied_is_restored_once(tmp_path: Path) -> None:
    """A runtime that carries nothing of ours is resumed itself, once; the check says that it cannot."""
    toy = [sys.executable, "-E", *TOY[1:]]
    async with Emulator(
        "toy.handler", command=toy, task_root=tmp_path, env={"TOY_INIT": "restore"}, snapstart=True
    ) as fn:
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}
        assert fn.environment_count == 1
        with pytest.raises(CopyError, match="no snapshot to copy"):
            await fn.uniqueness()


async def test_a_copy_with_an_extension_hears_of_its_end(tmp_path: Path) -> None:
    """SIGTERM reaches the copy; the snapshot itself has no end of its own."""
    marker = tmp_path / "marker"
    (tmp_path / "app.py").write_text(
        "import os, aioric\n"
        "@aioric.on_shutdown\n"
        "def end():\n"
        f"    open({str(marker)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        "def handler(event, context):\n"
        "    return os.getpid()\n"
    )
    async with Emulator("app.handler", task_root=tmp_path, snapstart=True) as fn:
        pid = (await fn.invoke({})).payload
    assert marker.read_text() == f"{pid}\n"


def test_without_an_event_loop(task: Path) -> None:
    """The same by blocking calls."""
    with SyncEmulator("app.sync", task_root=task, snapstart=True) as fn:
        assert fn.uniqueness().is_clean
        assert fn.uniqueness(3).copies == 3
        with pytest.raises(ValueError, match="two copies at least"):
            fn.uniqueness(1)
