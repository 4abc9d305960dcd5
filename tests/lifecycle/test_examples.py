"""The examples about the life of an environment do what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lifecycle.functions import COMMAND, ROOT, said, until

if TYPE_CHECKING:
    from aioric_emulator import Emulator

EXAMPLES = ROOT / "examples"


async def test_lifespan(aioric_function: type[Emulator]) -> None:
    """The connection is opened once, used by all invocations, and closed at the end."""
    async with aioric_function("lifespan.handler", task_root=EXAMPLES, command=COMMAND) as fn:
        visits = [(await fn.invoke({"name": name})).payload for name in ("Ada", "Grace")]

    assert visits == [{"visits": 1}, {"visits": 2}]
    assert said(fn.logs) == ["database opened", "database closed"]


async def test_background(aioric_function: type[Emulator]) -> None:
    """The work and the hook follow the answer."""
    async with aioric_function("background.handler", task_root=EXAMPLES, command=COMMAND) as fn:
        result = await fn.invoke({"order": 7})
        await until(fn, "indexed 7")

    assert result.payload == {"accepted": 7}
    assert sorted(said(fn.logs)) == ["indexed 7", "metrics flushed"]


async def test_shutdown(aioric_function: type[Emulator]) -> None:
    """The hook is called at the end."""
    async with aioric_function("shutdown.handler", task_root=EXAMPLES, command=COMMAND) as fn:
        for _ in range(3):
            result = await fn.invoke({})

    assert result.payload == {"pending": 3}
    assert said(fn.logs) == ["saved 3 records"]


async def test_snapstart(aioric_function: type[Emulator]) -> None:
    """The session begins after the restore."""
    async with aioric_function(
        "snapstart.handler", task_root=EXAMPLES, command=COMMAND, snapstart=True
    ) as fn:
        result = await fn.invoke({})

    assert result.payload["session"]
    assert said(fn.logs)[-2:] == ["ready for the snapshot", "restored"]
