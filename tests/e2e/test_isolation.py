"""Invocations that run at the same time, in one process or in several, are told apart in every place."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.slots import ready
from tests.emulator.polling import until

if TYPE_CHECKING:
    from aioric_emulator import Emulator

ROOT = Path(__file__).parents[2]
TASK = Path(__file__).parent / "task"
COMMAND = ["/usr/bin/env", f"AIORIC_PYTHON={sys.executable}", str(ROOT / "bootstrap")]
LANES = 4

WAYS = {
    "lanes": ("crowd.asynchronous", {"AIORIC_WORKERS": "1"}, 1),
    "lanes of asyncio's loop": ("crowd.asynchronous", {"AIORIC_WORKERS": "1", "AIORIC_LOOP": "asyncio"}, 1),
    "workers with lanes": ("crowd.asynchronous", {"AIORIC_WORKERS": "2"}, 2),
    "threads": ("crowd.sync", {"AIORIC_SYNC": "threads", "AIORIC_WORKERS": "1"}, 1),
    "workers": ("crowd.sync", {}, LANES),
    "workers that import": ("crowd.sync", {"AIORIC_PRELOAD": "0"}, LANES),
}
ways = pytest.mark.parametrize("way", WAYS)


async def all_at_once(fn: Emulator, event: dict[str, Any] | None = None) -> list[Any]:
    """As many invocations as there are slots, each with a trace and a tenant of its own."""
    await ready(fn, LANES)
    return await asyncio.gather(
        *(
            fn.invoke(
                {"number": number, "sleep": 0.5, **(event or {})},
                trace_id=f"Root=1-{number}",
                tenant_id=f"tenant-{number}",
            )
            for number in range(LANES)
        )
    )


def records(fn: Emulator, request_id: str) -> list[dict[str, Any]]:
    """The function's own JSON lines about an invocation."""
    lines = [json.loads(line) for line in fn.logs if line.startswith("{")]
    return [line for line in lines if line.get("requestId") == request_id]


@ways
async def test_everybody_is_told_apart(aioric_function: type[Emulator], way: str) -> None:
    """Context, context variables, the trace id wherever one may look, and what is printed, are one's own."""
    handler, env, processes = WAYS[way]
    async with aioric_function(
        handler, task_root=TASK, command=COMMAND, env=env, concurrency=LANES, timeout=20
    ) as fn:
        results = await all_at_once(fn, {"look": True})
        logs = {result.request_id: records(fn, result.request_id) for result in results}

    assert [result.function_error for result in results] == [None] * LANES
    assert len({result.payload["process"] for result in results}) == processes
    for number, result in enumerate(results):
        payload = result.payload
        assert payload["id"] == payload["mine"] == result.request_id
        assert payload["tenant"] == f"tenant-{number}"
        assert set(payload["traces"].values()) == {f"Root=1-{number}"}
        said = [
            (line["logger"], line["level"], line["message"])
            for line in logs[result.request_id]
            if "logger" in line
        ]
        assert ("stdout", "INFO", f"printed {number}") in said
        assert ("stdout", "INFO", "in parts") in said
        assert ("stdout", "INFO", f"two\nlines of {number}") in said
        assert ("crowd", "INFO", f"logged {number}") in said
        assert ("stdout", "INFO", "no end") in said
        assert [text for logger, level, text in said if (logger, level) == ("stderr", "WARNING")] == [
            next(text for _, _, text in said if f"careful, {number}" in text)
        ]
        assert all(
            line["tenantId"] == f"tenant-{number}" for line in logs[result.request_id] if "logger" in line
        )
        assert not any("taskName" in line for line in logs[result.request_id])


async def test_a_change_of_the_variable_is_ones_own(aioric_function: type[Emulator]) -> None:
    """A function may set or delete its trace id; nobody else sees that."""
    env = {"AIORIC_WORKERS": "1"}
    async with aioric_function(
        "crowd.owner", task_root=TASK, command=COMMAND, env=env, concurrency=LANES
    ) as fn:
        results = await asyncio.gather(
            *(fn.invoke({"number": number}, trace_id=f"Root=1-{number}") for number in range(LANES))
        )

    for number, result in enumerate(results):
        assert result.payload["before"] == f"Root=1-{number}"
        assert result.payload["missing"] == (None if number % 2 else True)
        assert result.payload["after"] == (f"own {number}" if number % 2 else None)
    assert results[1].payload["size"] == results[0].payload["size"] + 1


async def test_many_invocations_do_not_mix(aioric_function: type[Emulator]) -> None:
    """Some thousand interleaved invocations each find their own id; the benchmark does a million."""
    env = {"AIORIC_WORKERS": "1"}
    async with aioric_function(
        "crowd.asynchronous", task_root=TASK, command=COMMAND, env=env, concurrency=LANES
    ) as fn:

        async def caller() -> bool:
            results = [await fn.invoke({"sleep": 0.0001}) for _ in range(500)]
            return all(
                result.payload["id"] == result.payload["mine"] == result.request_id
                for result in results
                if result.status == 200
            )

        assert all(await asyncio.gather(*(caller() for _ in range(LANES))))


async def test_a_blocked_loop_is_named(aioric_function: type[Emulator]) -> None:
    """A handler that keeps the loop from the others is warned about, with the line where it did."""
    env = {"AIORIC_WORKERS": "1"}
    async with aioric_function(
        "crowd.blocks", task_root=TASK, command=COMMAND, env=env, concurrency=LANES
    ) as fn:
        await fn.invoke({"seconds": 0.3})
        await until(lambda: any("event loop" in line for line in fn.logs))
        found = [line for line in fn.logs if "event loop" in line]

    assert "kept from all other invocations" in found[0]
    assert f"by blocks at {TASK}/crowd.py:" in found[0]
