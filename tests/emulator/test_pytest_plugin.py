"""The fixture as its users write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aioric_emulator import Emulator


async def test_a_function_greets(
    aioric_function: type[Emulator], greeter: Path, official_command: list[str]
) -> None:
    """An invocation gives the answer, the function's lines and the figures of its report."""
    async with aioric_function("app.handler", task_root=greeter, command=official_command) as fn:
        first = await fn.invoke({"name": "Ada"})
        second = await fn.invoke({"name": "Grace"})
    assert first.payload == {"hello": "Ada", "id": first.request_id}
    assert first.status == 200
    assert first.function_error is None
    assert first.logs == ["greeting"]
    assert first.report.init_ms is not None
    assert first.report.max_memory_mb > 1
    assert second.report.init_ms is None
    assert fn.logs[0].startswith("INIT_START")
