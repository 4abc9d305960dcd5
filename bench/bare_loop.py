"""What a loop can do at best: so many tasks that wait and compute by turns, and nothing else.

    python -m bench.bare_loop TASKS WAIT_MS COMPUTE_US

Prints the turns in a second and the CPU of one, in microseconds. The loop is the one that the runtime takes.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
import time

SECONDS = 2.0


def main(tasks: int, wait_ms: float, compute_us: float) -> None:
    """Turn, and tell."""
    loops = importlib.import_module("uvloop") if importlib.util.find_spec("uvloop") else asyncio
    turns = [0]

    async def turn(until: float) -> None:
        while time.monotonic() < until:
            await asyncio.sleep(wait_ms / 1000)
            end = time.perf_counter() + compute_us / 1e6
            while time.perf_counter() < end:
                pass
            turns[0] += 1

    async def all_turn() -> float:
        began = time.monotonic()
        await asyncio.gather(*(turn(began + SECONDS) for _ in range(tasks)))
        return time.monotonic() - began

    cpu = time.process_time()
    seconds = loops.run(all_turn())
    cpu = time.process_time() - cpu
    print(f"{turns[0] / seconds:.1f} {cpu / turns[0] * 1e6:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
