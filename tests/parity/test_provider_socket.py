"""The log on Managed Instances: what leaves by the platform's socket, from both runtimes."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aioric_emulator import Emulator

ROOT = Path(__file__).parents[2]
TASK = Path(__file__).parent / "task"
HANDLER = "on_a_socket.handler"
OURS = [sys.executable, "-m", "aioric", HANDLER]
OFFICIAL = [sys.executable, "-m", "awslambdaric", HANDLER]

VARYING = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def log_of(
    function: type[Emulator], command: list[str], log_format: str, event: dict[str, object]
) -> list[str]:
    """What the function logged in one invocation, without times and request ids."""
    async with function(HANDLER, task_root=TASK, command=command, concurrency=1, log_format=log_format) as fn:
        await fn.invoke(event)
    # The environment has ended, so everything has arrived; also what a runtime says to that.
    return [VARYING.sub("…", line) for line in fn.logs if is_the_functions(line)]


def is_the_functions(line: str) -> bool:
    """Whether a line is a record of the function's logger, or of an error that it did not catch."""
    try:
        record = json.loads(line)
    except ValueError:
        return False
    return record.get("logger", "none") in ("orders", "none") and "requestId" in record


@pytest.mark.parametrize("log_format", ["json", "text"])
@pytest.mark.parametrize("event", [{"what": "socks"}, {"what": "é", "fail": True}], ids=["done", "fails"])
async def test_the_log_is_the_same(
    aioric_function: type[Emulator], log_format: str, event: dict[str, object]
) -> None:
    """Records and uncaught errors arrive through the socket as the official client sends them."""
    official = await log_of(aioric_function, OFFICIAL, log_format, event)
    ours = await log_of(aioric_function, OURS, log_format, event)

    assert any("written to a socket: True" in line for line in official)
    assert ours == official
    if log_format == "json":
        assert all(json.loads(line)["level"] for line in ours)
