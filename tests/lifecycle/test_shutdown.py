"""SIGTERM: it arrives where somebody wants to know, and what runs comes to a good end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.lifecycle.functions import COMMAND, PATIENCE, TASK, handlers, order, said, until

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator import Emulator


async def gone(pid: int) -> float:
    """Send SIGTERM, and wait for the end of a process; the seconds between the two."""
    process = psutil.Process(pid)
    begun = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() - begun < PATIENCE
        await asyncio.sleep(0.001)
    return time.monotonic() - begun


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_an_idle_environment_ends_at_once(
    aioric_function: type[Emulator], handler: str, loop: str
) -> None:
    """Idle, with hooks that take no time, a process is gone soon after SIGTERM, with status 0."""
    env = {"CHOICE": "lifespan shutdown", "AIORIC_LOOP": loop}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=env) as fn:
        result = await fn.invoke({})
        seconds = await gone(result.payload["pid"])
        await until(fn, "database closes")

    assert said(fn.logs)[1:] == ["second hook", "first hook", "database closes"]
    assert seconds < 0.5  # on an idle machine below 0.05: see bench/lifecycle.py


@handlers
async def test_what_is_served_is_finished_first(
    aioric_function: type[Emulator], tmp_path: Path, handler: str
) -> None:
    """A handler that ends within half of the time answers, then the hooks run."""
    gate = tmp_path / "gate"
    env = {"CHOICE": "lifespan", "AIORIC_SHUTDOWN_MS": "10000"}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=env) as fn:
        pid = (await fn.invoke({})).payload["pid"]
        call = asyncio.create_task(fn.invoke({"wait": str(gate)}))
        await until(fn, "waiting")
        os.kill(pid, signal.SIGTERM)
        gate.touch()
        result = await call
        await until(fn, "database closes")

    assert result.payload["pid"] == pid


@handlers
async def test_what_does_not_end_is_ended(aioric_function: type[Emulator], handler: str) -> None:
    """A handler that would take longer is interrupted: `finally` runs, an error is the answer, hooks run."""
    env = {"CHOICE": "lifespan", "AIORIC_SHUTDOWN_MS": "400"}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=env) as fn:
        pid = (await fn.invoke({})).payload["pid"]
        call = asyncio.create_task(fn.invoke({"hang": 30}))
        await until(fn, "hanging")
        seconds = await gone(pid)
        result = await call
        await until(fn, "database closes")

    assert seconds < 5
    assert result.function_error == "Unhandled"
    assert result.payload["errorType"] in {"Interrupted", "CancelledError"}
    assert order(fn.logs, "hanging", "finally", "database closes") == sorted(
        order(fn.logs, "hanging", "finally", "database closes")
    )


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_a_functions_own_handler_keeps_working(
    aioric_function: type[Emulator], handler: str, loop: str
) -> None:
    """A handler of the function's is called, alone, before our hooks, or as the end of the process."""
    for choice, last in (("sigterm", "my own handler"), ("sigterm lifespan", "database closes")):
        env = {"CHOICE": choice, "AIORIC_LOOP": loop}
        async with aioric_function(handler, task_root=TASK, command=COMMAND, env=env) as fn:
            await fn.invoke({})

        assert said(fn.logs)[-1] == last
        assert "my own handler" in said(fn.logs)


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_a_functions_own_handler_may_exit(
    aioric_function: type[Emulator], handler: str, loop: str
) -> None:
    """`sys.exit()` in the function's handler ends the process; lifespans are left all the same."""
    env = {"CHOICE": "sigterm exit lifespan", "AIORIC_LOOP": loop}
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=env) as fn:
        await fn.invoke({})

    assert said(fn.logs)[-2:] == ["my own handler", "database closes"]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(("name", "size"), [("_say", 1), ("_speak", 100_000)])
async def test_a_functions_own_handler_may_exit_at_any_moment(
    aioric_function: type[Emulator], loop: str, name: str, size: int
) -> None:
    """SIGTERM while the runtime sends an answer: the same end, and no word of asyncio's about a task."""
    env = {"CHOICE": "sigterm exit lifespan", "AIORIC_LOOP": loop}
    async with aioric_function("app.asynchronous", task_root=TASK, command=COMMAND, env=env) as fn:
        result = await fn.invoke({"strike": name, "size": size})

    assert result.payload["errorMessage"].endswith("exit status 7")
    assert said(fn.logs) == ["database opens", "my own handler", "database closes"]
    assert not [line for line in fn.logs if "never retrieved" in line]


@handlers
async def test_nobody_is_registered_if_nobody_wants_to_know(
    aioric_function: type[Emulator], handler: str
) -> None:
    """Without hooks and handlers SIGTERM ends the process as it always did."""
    async with aioric_function(handler, task_root=TASK, command=COMMAND) as fn:
        result = await fn.invoke({})
        seconds = await gone(result.payload["pid"])
        while "pid" not in (again := await fn.invoke({})).payload:  # until the emulator knows it too
            assert again.payload["errorType"] == "Runtime.ExitError"

    assert again.payload["pid"] != result.payload["pid"]
    assert seconds < 0.5


@handlers
@pytest.mark.parametrize("preload", ["1", "0"])
async def test_every_worker_comes_to_its_end(
    aioric_function: type[Emulator], handler: str, preload: str
) -> None:
    """On Managed Instances all processes run their hooks, idle or busy."""
    env = {"CHOICE": "lifespan", "AIORIC_PRELOAD": preload, "AIORIC_WORKERS": "2"}
    workers = 4 if handler == "app.sync" else 2  # one for each invocation, or as many as asked for
    async with aioric_function(handler, task_root=TASK, command=COMMAND, env=env, concurrency=4) as fn:
        await until(fn, "database opens", times=workers)
        await fn.invoke({})
        call = asyncio.create_task(fn.invoke({"hang": 30}))
        await until(fn, "hanging")
    call.cancel()

    opened = sum("database opens" in line for line in fn.logs)
    assert sum("database closes" in line for line in fn.logs) == opened


async def test_threads_finish_what_they_serve(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """A `def` handler on threads answers what it is serving before the process ends."""
    gate = tmp_path / "gate"
    env = {
        "CHOICE": "lifespan",
        "AIORIC_SYNC": "threads",
        "AIORIC_WORKERS": "1",
        "AIORIC_SHUTDOWN_MS": "9000",
    }
    async with aioric_function("app.sync", task_root=TASK, command=COMMAND, env=env, concurrency=2) as fn:
        pid = (await fn.invoke({})).payload["pid"]
        call = asyncio.create_task(fn.invoke({"wait": str(gate)}))
        await until(fn, "waiting")
        os.kill(pid, signal.SIGTERM)
        gate.touch()
        result = await call
        await until(fn, "database closes")

    assert result.payload["pid"] == pid


async def test_a_thread_that_does_not_end_is_left(aioric_function: type[Emulator]) -> None:
    """Python cannot interrupt a thread: when its time is over the hooks run, and the process ends."""
    env = {"CHOICE": "lifespan", "AIORIC_SYNC": "threads", "AIORIC_WORKERS": "1", "AIORIC_SHUTDOWN_MS": "400"}
    async with aioric_function("app.sync", task_root=TASK, command=COMMAND, env=env, concurrency=2) as fn:
        pid = (await fn.invoke({})).payload["pid"]
        call = asyncio.create_task(fn.invoke({"hang": 30}))
        await until(fn, "hanging")
        seconds = await gone(pid)
        result = await call
        await until(fn, "database closes")

    assert seconds < 5
    assert result.function_error == "Unhandled"
    assert not any("finally" in line for line in fn.logs)
