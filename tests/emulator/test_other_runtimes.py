"""Runtimes that are not ours, on our emulator: AWS's Python client, and a shell script with curl.

AWS's Node client is in tests/tours/test_node_client.py, since it has to be compiled.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from aioric_emulator import Emulator

if TYPE_CHECKING:
    from aioric_emulator.results import InvokeResult

SHELL = [str(Path(__file__).with_name("shell_runtime.sh"))]


async def test_a_shell_script_serves(tmp_path: Path) -> None:
    """Events, an error, its log lines, in one environment."""
    async with Emulator("any.handler", command=SHELL, task_root=tmp_path, timeout=20) as function:
        first = await function.invoke({"a": 1})
        failed = await function.invoke({"do": "fail"})
        again = await function.invoke([1, "ä"])
    assert first.payload == {"shell": {"a": 1}}
    assert f"handling {first.request_id}" in first.logs
    assert failed.payload == {"errorMessage": "no", "errorType": "Shell.Failed"}
    assert failed.function_error
    assert again.payload == {"shell": [1, "ä"]}
    assert again.report.init_ms is None


@pytest.mark.parametrize("concurrency", [None, 3])
async def test_the_official_client_serves(concurrency: int | None, tmp_path: Path) -> None:
    """Answers, an error and overlapping calls, classic and on Managed Instances."""
    (tmp_path / "app.py").write_text(
        "import time\n"
        "def handler(event, context):\n"
        "    time.sleep(event['seconds'])\n"
        "    return 1 / event['divisor']\n"
    )
    command = [sys.executable, "-m", "awslambdaric", "app.handler"]
    results: list[InvokeResult] = []
    async with Emulator(
        "app.handler", command=command, task_root=tmp_path, timeout=20, concurrency=concurrency
    ) as function:

        async def call(divisor: int) -> None:
            results.append(await function.invoke({"seconds": 0.2, "divisor": divisor}))

        async with anyio.create_task_group() as tasks:
            for divisor in (1, 2, 4):
                tasks.start_soon(call, divisor)
        failed = await function.invoke({"seconds": 0, "divisor": 0})
    assert sorted(result.payload for result in results) == [0.25, 0.5, 1.0]
    assert failed.payload["errorType"] == "ZeroDivisionError"
