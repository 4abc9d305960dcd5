"""The fixture of our emulator, for functions whose runtime is measured when the tests are."""

from __future__ import annotations

import os
from typing import Any

import pytest

from aioric_emulator import Emulator

MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


class MeasuredEmulator(Emulator):
    """Hands on to the function what coverage tells child processes."""

    def __init__(self, *args: Any, env: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, env={**MEASURED, **(env or {})}, **kwargs)


@pytest.fixture
def aioric_function() -> type[Emulator]:
    """A function on a local Lambda."""
    return MeasuredEmulator
