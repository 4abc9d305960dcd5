"""AWS's Node client (`aws-lambda-ric` from npm) on our emulator.

It compiles libcurl and a C++ client when it is installed, which takes minutes: `make node-client` does it,
and CI does not.
"""

from __future__ import annotations

import pytest

from aioric_emulator import Emulator
from tests.tours.conftest import TASK, tool

pytestmark = [pytest.mark.tours, pytest.mark.timeout(120)]


@pytest.mark.parametrize("concurrency", [None, 2])
async def test_the_node_client_serves(concurrency: int | None) -> None:
    """Answers and an error, classic and on Managed Instances."""
    client = tool("node-client/node_modules/aws-lambda-ric/bin/index.mjs")
    command = ["node", str(client), "app.handler"]
    emulator = Emulator("app.handler", command=command, task_root=TASK, timeout=20, concurrency=concurrency)
    async with emulator as function:
        answers = [await function.invoke({"turn": turn}) for turn in range(3)]
        failed = await function.invoke({"fail": True})
    assert [each.payload["event"] for each in answers] == [{"turn": 0}, {"turn": 1}, {"turn": 2}]
    assert [each.payload["id"] for each in answers] == [each.request_id for each in answers]
    assert failed.payload["errorType"] == "TypeError"
