"""Thousands of invocations against a platform that makes trouble at random.

What is promised, to the letter: the answer to an event arrives at most once, and it is the answer to
that event. An event that has left the platform whole is answered, unless the platform itself lost the
answer: it cut the connection when the answer may have been on its way (closed before the answer was
read, reset while it was being read), or it told the process to end within a tenth of a second of
handing out the event. In particular nothing is lost by a connection that ends with an event or with
an acknowledgement, by a refusal (413, 410, 400), by responses in pieces, by an event of which only a
part arrived (it is handed out again), or by a 500 to another lane. A 500 ends the process with a
status other than 0, and nothing else ends it. Memory stays flat.

`AIORIC_CHAOS=20000` sets the number of invocations, `AIORIC_CHAOS_SEED` the disorder.
"""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from tests.conformance.disruptive_platform import Platform
from tests.conformance.runtime_process import RuntimeProcess

COUNT = int(os.environ.get("AIORIC_CHAOS", "1500"))
SEED = int(os.environ.get("AIORIC_CHAOS_SEED", "1"))
BREAKS_EVERY = 1500
WARM = 300  # invocations after which a process has seen what it needs memory for
MAY_GROW = 4096  # KiB: buffers for the large events of all lanes
SECONDS = 30 + COUNT / 100

SIXTEEN_LANES = {"AWS_LAMBDA_MAX_CONCURRENCY": "16", "AIORIC_WORKERS": "1"}


class Memory:
    """Watches a process's memory from its `WARM`th answer to its last."""

    def __init__(self, process: RuntimeProcess) -> None:
        self._process = process
        self._answers = 0
        self._warm = 0
        self.memory_now = 0
        self.growth: list[int] = []

    def answered(self) -> None:
        """Count an answer."""
        self._answers += 1
        if self._answers == WARM:
            self._warm = self._process.memory()

    def compare(self) -> None:
        """The process is about to end: note how much it has grown, if it has served for long enough."""
        self.memory_now = self._process.memory()
        if self._answers > 2 * WARM:
            self.growth.append(self.memory_now - self._warm)
        self._answers = 0


async def torment(handler: str, settings: dict[str, str]) -> tuple[Platform, Memory, list[int]]:
    """Serve all events with as many processes as it takes; returns also how the processes ended."""
    platform = Platform(COUNT, SEED, BREAKS_EVERY)
    statuses = []
    deadline = time.monotonic() + SECONDS
    async with platform:
        with RuntimeProcess(platform.port, handler, **settings) as process:
            memory = Memory(process)
            platform.on_answer = memory.answered
            platform.on_break = memory.compare
            while not platform.done.is_set():
                assert time.monotonic() < deadline, f"stuck: {missing(platform)}\n{process.log()[-3000:]}"
                if not process.alive:
                    assert platform.broken.is_set(), process.log()[-3000:]
                    statuses.append(process.ended())
                    platform.renew()
                    process.start()
                await first_of(platform.broken, platform.done)
                if platform.broken.is_set():
                    await asyncio.to_thread(process.ended)
            if not platform.broken.is_set():
                memory.compare()
    return platform, memory, statuses


async def first_of(*events: asyncio.Event) -> None:
    """Wait for any of the events, but not for longer than it takes to notice a process that died."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waits, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def missing(platform: Platform) -> list[int]:
    """Events that were handed out whole, and neither answered nor lost by the platform."""
    return sorted(platform.delivered.keys() - platform.answers.keys() - platform.excused)


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize("pipeline", ["1", "0"], ids=["pipelined", "in turn"])
@pytest.mark.parametrize(
    ("handler", "settings"),
    [
        pytest.param("functions.echo", {}, id="blocking"),
        pytest.param("functions.echo_async", {"AIORIC_LOOP": "asyncio"}, id="asyncio"),
        pytest.param("functions.echo_async", {"AIORIC_LOOP": "uvloop"}, id="uvloop"),
        pytest.param("functions.echo_async", {"AIORIC_LOOP": "asyncio", **SIXTEEN_LANES}, id="asyncio-16"),
        pytest.param("functions.echo_async", {"AIORIC_LOOP": "uvloop", **SIXTEEN_LANES}, id="uvloop-16"),
    ],
)
async def test_every_event_is_answered_once(handler: str, settings: dict[str, str], pipeline: str) -> None:
    """Whatever the platform does, no answer comes twice or is lost that it could have had; memory is flat."""
    began = time.monotonic()
    platform, memory, statuses = await torment(handler, {**settings, "AIORIC_PIPELINE": pipeline})
    assert [number for number, count in platform.answers.items() if count > 1] == []
    assert platform.wrong == []
    assert missing(platform) == []
    assert 0 not in statuses
    assert max(memory.growth, default=0) < MAY_GROW
    lost = len(platform.excused - platform.answers.keys())
    print(  # noqa: T201 - figures for who asks for them, with `pytest -s`
        f"{COUNT} events in {time.monotonic() - began:.1f} s, {memory.memory_now} KiB at the end, "
        f"grown by {memory.growth} KiB, {len(statuses)} processes ended, "
        f"{lost} answers lost by the platform, {platform.trouble}"
    )
