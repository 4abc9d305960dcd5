"""Waiting until an environment takes as many invocations as it was made for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aioric_emulator import InvokeRejectedError
from aioric_emulator.service import LANE_PATIENCE

if TYPE_CHECKING:
    from aioric_emulator import Emulator

# For processes that each import the function, on a busy machine; a failure, not a duration.
PATIENCE = 45.0


async def ready(fn: Emulator, count: int) -> None:
    """Wait until `count` invocations are accepted at once: worker processes join one by one.

    The environment is ready when the first one polls; until all do, some invocations are refused (429), since
    each takes longer than a call waits for a lane that another one has.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            calls = (fn.invoke({"sleep": LANE_PATIENCE + 0.2}) for _ in range(count))
            results = await asyncio.gather(*calls, return_exceptions=True)
            if not any(isinstance(result, InvokeRejectedError) for result in results):
                return
            await asyncio.sleep(0.02)
