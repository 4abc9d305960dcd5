"""Workers that are killed at random on our emulator, as `tests/official/test_kills.py` does on AWS's.

`AIORIC_KILLS_COUNT=100000` sets the number of invocations.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from aioric_emulator.results import InvokeRejectedError

if TYPE_CHECKING:
    from aioric_emulator import Emulator

ROOT = Path(__file__).parents[2]
TASK = Path(__file__).parent / "task"
COMMAND = ["/usr/bin/env", f"AIORIC_PYTHON={sys.executable}", str(ROOT / "bootstrap")]
COUNT = int(os.environ.get("AIORIC_KILLS_COUNT", "300"))
SECONDS = 60 + COUNT / 100
LANES, WORKERS = 16, 2
EACH = LANES // WORKERS  # what a killed worker can have had in its hands, polls included
BACK_SECONDS = 1.0
TIMEOUT = 5  # seconds: what was in a dead worker's hands fails then, and nothing else, on a busy machine too
GLANCE = 0.005  # seconds
PAUSE = (1.0, 2.0)  # seconds from one kill to the next; a worker that lives for less is replaced later


class Callers:
    """Sixteen callers that do not rest until all has been invoked."""

    def __init__(self, fn: Emulator) -> None:
        self._fn = fn
        self._left = iter(range(COUNT))
        self.answers: list[dict[str, Any]] = []
        self.failed: list[str] = []
        self.refused = 0  # no lane was free: nothing was handed out, and the caller asks again

    async def call(self) -> None:
        """Invoke, one by one."""
        for turn in self._left:
            while (result := await self._invoke(turn)) is None:
                self.refused += 1
                await asyncio.sleep(GLANCE)
            if result.function_error is None:
                self.answers.append(result.payload)
            else:
                self.failed.append(str(result.payload))

    async def _invoke(self, turn: int) -> Any:
        try:
            return await self._fn.invoke({"turn": turn})
        except InvokeRejectedError:
            return None


def workers(parent: int) -> dict[int, psutil.Process]:
    """The processes that serve, by their ids."""
    children = psutil.Process(parent).children()
    return {child.pid: child for child in children if _serves(child)}


def _serves(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def connections(process: psutil.Process) -> int:
    """How many lanes of a worker stand."""
    try:
        return sum(one.status == psutil.CONN_ESTABLISHED for one in process.net_connections("tcp"))
    except psutil.NoSuchProcess:
        return 0


def kill_one(parent: int, chance: random.Random) -> float:
    """Kill a worker; returns the seconds until there are as many lanes again, none of them its own."""
    killed = chance.choice(sorted(workers(parent)))
    psutil.Process(killed).kill()
    began = time.monotonic()
    pause = threading.Event()
    while killed in (now := workers(parent)) or sum(map(connections, now.values())) < LANES:
        pause.wait(GLANCE)
    return time.monotonic() - began


@pytest.mark.timeout(SECONDS)
async def test_only_what_a_killed_worker_had_fails(aioric_function: type[Emulator]) -> None:
    """No event is answered twice, all others are answered, and all slots are there again within a second."""
    chance = random.Random(1)  # noqa: S311 - repeatable, not secret
    back = []
    async with aioric_function(
        "forked.who",
        task_root=TASK,
        command=COMMAND,
        env={"AIORIC_WORKERS": str(WORKERS)},
        concurrency=LANES,
        timeout=TIMEOUT,
    ) as fn:
        parent = (await fn.invoke({"turn": -1})).payload["parent"]
        callers = Callers(fn)
        calls = asyncio.gather(*(callers.call() for _ in range(LANES)))
        while not calls.done():
            back.append(await asyncio.to_thread(kill_one, parent, chance))
            await asyncio.wait([calls], timeout=chance.uniform(*PAUSE))
        await calls
    print(  # noqa: T201 - figures for who asks for them, with `pytest -s`
        f"{COUNT} invocations, {len(back)} kills, {len(callers.failed)} failed "
        f"{Counter(callers.failed).most_common(3)}, {callers.refused} refused, "
        f"all slots back in {median(back):.3f} s, {max(back):.3f} s at most"
    )
    assert max(Counter(answer["id"] for answer in callers.answers).values()) == 1
    assert max(Counter(answer["turn"] for answer in callers.answers).values()) == 1
    assert len(callers.answers) + len(callers.failed) == COUNT
    assert len(callers.failed) <= len(back) * EACH
    assert median(back) < BACK_SECONDS
