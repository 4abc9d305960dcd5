"""What an event loop starts outside of its own thread knows for which invocation it works."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import uvloop

from aioric.drivers.carrying import carry_context

mine: contextvars.ContextVar[str] = contextvars.ContextVar("mine", default="nobody's")


@pytest.mark.parametrize("make", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_threads_and_processes_of_a_loop(make: Any) -> None:
    """The default executor copies the context, another's own does not; processes start as asked."""
    loop = make()
    carry_context(loop)

    async def serve() -> list[str]:
        mine.set("mine")
        with ThreadPoolExecutor(1) as own:
            found = [
                await loop.run_in_executor(None, mine.get),
                await loop.run_in_executor(own, mine.get),
                await asyncio.to_thread(mine.get),
            ]
        for env in ({}, {"env": {"GIVEN": "given"}}):
            echo = await asyncio.create_subprocess_shell("echo $GIVEN", stdout=subprocess.PIPE, **env)  # type: ignore[arg-type]
            found.append((await echo.communicate())[0].decode().strip())
        sure = await asyncio.create_subprocess_exec("/bin/sh", "-c", "exit 3")
        return [*found, str(await sure.wait())]

    try:
        assert loop.run_until_complete(serve()) == ["mine", "nobody's", "mine", "", "given", "3"]
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
