"""The examples about what goes on beside a function do what they say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.emulator.polling import until

if TYPE_CHECKING:
    from aioric_emulator import Emulator

EXTENSION = Path(__file__).parents[2] / "examples" / "extension"


async def test_extension(aioric_function: type[Emulator]) -> None:
    """The extension tells of each invocation what telemetry told it, and takes part in the end."""
    async with aioric_function("app.handler", task_root=EXTENSION, extensions=EXTENSION / "extensions") as fn:
        assert (await fn.invoke({"name": "Ada"})).payload == {"hello": "Ada"}
        await until(lambda: any(line.startswith("figures: success in ") for line in fn.logs))
    figures = [line for line in fn.logs if line.startswith("figures")]
    assert figures[0].endswith(" ms, lines: 1")
    assert figures[-1] == "figures: end (spindown)"
