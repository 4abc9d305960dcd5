"""The pytest plugin: the fixture `aioric_function`, a function on a local Lambda for one test.

Loaded by every pytest of an environment that aioric is installed in; so nothing heavy is imported before
the fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aioric_emulator.emulator import Emulator


@pytest.fixture
def aioric_function() -> type[Emulator]:
    """Give the class whose context is a function on a local Lambda.

    `async with aioric_function("app.handler", task_root=path) as fn: result = await fn.invoke({...})`
    """
    from aioric_emulator.emulator import Emulator  # noqa: PLC0415 - see the module's docstring

    return Emulator
