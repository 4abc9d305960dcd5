"""Which Runtime API an environment has: the plain one, unless its function asked for more."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aioric_emulator.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["choose_api"]


def choose_api(
    configuration: FunctionConfiguration, check_memory: Callable[[], None]
) -> Callable[..., RuntimeApi]:
    """Give what makes the Runtime API that a function is configured to have."""
    if configuration.disruptions is not None:
        from aioric_emulator.disrupted_api import DisruptedRuntimeApi  # noqa: PLC0415 - only tests have it

        check = check_memory if configuration.enforces_memory else lambda: None
        return partial(DisruptedRuntimeApi, check=check, disruptions=configuration.disruptions)
    if configuration.enforces_memory:
        from aioric_emulator.memory_limit import GuardedRuntimeApi  # noqa: PLC0415 - few ask for a limit

        return partial(GuardedRuntimeApi, check=check_memory)
    return RuntimeApi
