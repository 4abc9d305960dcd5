"""SnapStart: hooks, the wait for the restore, what is renewed after it, and what is reported if it fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aioric_emulator import InvokeRejectedError
from tests.lifecycle.functions import COMMAND, TASK, said

if TYPE_CHECKING:
    from aioric_emulator import Emulator, InvokeResult


# The one environment is initialised by the time of the first call, or that call is refused.
async def first(fn: Emulator) -> InvokeResult:
    """The first call."""
    while True:
        try:
            return await fn.invoke({})
        except InvokeRejectedError:
            await asyncio.sleep(0.01)


HANDLERS = {"def": "snap.sync", "async def": "snap.asynchronous"}
handlers = pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS.keys())


@handlers
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_hooks_run_around_the_snapshot(
    aioric_function: type[Emulator], handler: str, loop: str
) -> None:
    """Before it the latest comes first, after it the first; what was random is so again."""
    async with aioric_function(
        handler,
        task_root=TASK,
        command=COMMAND,
        snapstart=True,
        max_environments=1,
        env={"AIORIC_LOOP": loop},
    ) as fn:
        result = await first(fn)

    assert said(fn.logs) == [
        *("opens", "theirs before 2", "theirs before 1", "ours before"),
        *("ours after", "theirs after 1", "theirs after 2", "closes"),
    ]
    assert result.payload["state"] == "open"
    assert result.payload["random"] != pytest.approx(0.13436424411240122)  # what seed(1) gives first
    assert result.payload["names"] is False
    assert result.payload.get("slept", 0.05) >= 0.049


@handlers
async def test_a_failure_before_the_snapshot_is_an_init_error(
    aioric_function: type[Emulator], handler: str
) -> None:
    """A hook that raises before the snapshot fails the init, with the exception's own name."""
    async with aioric_function(
        handler, task_root=TASK, command=COMMAND, snapstart=True, env={"CHOICE": "before"}
    ) as fn:
        result = await fn.invoke({})

    assert result.payload["errorType"] == "KeyError"
    assert result.payload["errorMessage"] == "'bfail'"


@handlers
async def test_a_failure_after_the_restore_is_reported(aioric_function: type[Emulator], handler: str) -> None:
    """A hook that raises after the restore is reported to `/restore/error`."""
    async with aioric_function(
        handler, task_root=TASK, command=COMMAND, snapstart=True, env={"CHOICE": "after"}
    ) as fn:
        result = await fn.invoke({})

    assert result.function_error == "Unhandled"
    assert "KeyError" in str(result.payload)
