"""Functions on our emulator, served by the real ./bootstrap with the interpreter of these tests."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator import Emulator

BOOTSTRAP = Path(__file__).parents[2] / "bootstrap"


@pytest.fixture
def serve(aioric_function: type[Emulator]) -> Callable[..., Emulator]:
    """`aioric_function` for a handler that ./bootstrap serves."""

    def on_bootstrap(handler: str, *, env: dict[str, str] | None = None, **options: Any) -> Emulator:
        settings = {"AIORIC_PYTHON": sys.executable, **(env or {})}
        return aioric_function(handler, command=[str(BOOTSTRAP)], env=settings, **options)

    return on_bootstrap
