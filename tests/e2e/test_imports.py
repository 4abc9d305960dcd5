"""What is loaded when a function answers its first invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aioric_emulator import Emulator

# Each costs more to import than it could ever give back to a plain function; see ARCHITECTURE.md.
DEAR = {
    "asyncio",
    "concurrent.futures",
    "dataclasses",
    "enum",
    "functools",
    "http.client",
    "inspect",
    "json",
    "logging",
    "orjson",
    "re",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "traceback",
    "typing",
    "uvloop",
}

SYNC = "import sys\n\ndef handler(event, context):\n    return sorted(sys.modules)\n"
ASYNC = "import sys\n\nasync def handler(event, context):\n    return sorted(sys.modules)\n"


async def test_a_plain_function_loads_next_to_nothing(serve: Callable[..., Emulator], tmp_path: Path) -> None:
    """No module that costs more than a millisecond comes with a plain `def`."""
    (tmp_path / "app.py").write_text(SYNC)
    async with serve("app.handler", task_root=tmp_path) as fn:
        first = (await fn.invoke({})).payload
        second = (await fn.invoke({})).payload

    assert not DEAR & set(first)
    assert second == first


async def test_nothing_is_imported_on_the_second_invocation(
    serve: Callable[..., Emulator], tmp_path: Path
) -> None:
    """An `async def` function brings its loop in before it is ready, and nothing afterwards."""
    (tmp_path / "app.py").write_text(ASYNC)
    async with serve("app.handler", task_root=tmp_path) as fn:
        first = (await fn.invoke({})).payload
        second = (await fn.invoke({})).payload

    assert "asyncio" in first
    assert second == first
