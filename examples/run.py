"""See it work: two functions on the local Lambda, served by ./bootstrap. `make run` runs this."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from aioric_emulator.emulator import Emulator

EXAMPLES = Path(__file__).parent
BOOTSTRAP = str(EXAMPLES.parent / "bootstrap")
PATIENCE_SECONDS = 30


async def main():
    """A `def` one call after the other; then an `async def` on one environment, many calls at once."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await one_by_one()
        await all_at_once()


async def one_by_one():
    title("hello_sync.handler, a plain def: three calls, one after the other")
    async with Emulator("hello_sync.handler", task_root=EXAMPLES, command=[BOOTSTRAP]) as function:
        for name in ("Ada", "Grace", "Katherine"):
            show(await function.invoke({"name": name}))


async def all_at_once(calls=16):
    title(f"hello_async.handler, an async def: {calls} calls at once, in one process")
    async with Emulator(
        "hello_async.handler", task_root=EXAMPLES, command=[BOOTSTRAP], concurrency=calls
    ) as function:
        first = await function.invoke({})
        show(first)
        began = time.perf_counter()
        results = await asyncio.gather(*(function.invoke({}) for _ in range(calls)))
        wall = (time.perf_counter() - began) * 1000
        check(results)
        alone = calls * first.report.duration_ms
        print(f"  {calls} more, together: {wall:.0f} ms; one by one that would be {alone:.0f} ms")


def show(result):
    """The log lines, the answer, the time: what a user of Lambda sees."""
    check([result])
    for line in result.logs:
        print(f"  │ {line.rstrip()}")
    started = f", after a start of {result.report.init_ms:.0f} ms" if result.report.init_ms else ""
    print(f"  → {result.raw.decode()}   {result.report.duration_ms:.2f} ms{started}\n")


def check(results):
    """A demonstration that fails must not look like one that works."""
    for result in results:
        if result.function_error or not result.payload:
            sys.exit(f"the function failed: {result.raw.decode()}\n" + "\n".join(result.logs))


def title(text):
    print(f"\n\033[1m{text}\033[0m\n" if sys.stdout.isatty() else f"\n{text}\n")


if __name__ == "__main__":
    asyncio.run(main())
