"""What a function does to its own process, and what it still gets: its answer, and the next event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator import Emulator

TASK = Path(__file__).parent / "task"


@pytest.mark.parametrize("lanes", [None, 2])
@pytest.mark.parametrize(
    ("handler", "action", "answer"),
    [
        ("sync", "close", "ValueError"),
        ("asynchronous", "close", "ValueError"),
        ("sync", "too large", "Function.ResponseSizeTooLarge"),
        ("asynchronous", "too large", "Function.ResponseSizeTooLarge"),
        ("sync", "fork", 7),
        ("asynchronous", "fork", 7),
        ("asynchronous", "cancel", "cancelled"),
    ],
)
async def test_the_environment_survives_its_function(
    serve: Callable[..., Emulator], handler: str, action: str, answer: Any, lanes: int | None
) -> None:
    """A closed log, a forked child that ends, tasks cancelled wholesale: the answer comes, and the next."""
    settings = {"AIORIC_WORKERS": "1", "AIORIC_SYNC": "threads"}
    async with serve(
        f"rude.{handler}", task_root=TASK, env=settings, concurrency=lanes, memory=512, timeout=10
    ) as fn:
        before = await fn.invoke("look")
        result = await fn.invoke(action)
        after = await fn.invoke("look")

    assert answer == (result.payload["errorType"] if result.function_error else result.payload)
    assert before.payload == after.payload
    assert after.payload[1] == "open"
    assert not [line for line in result.logs if "closed" in line and "ValueError" not in line]
