"""The memory limit: who keeps it, and at the Runtime API, that what used too much gives no answer.

The kernel marks the highest point of a process, so nothing is missed between two samples. There is no rlimit:
a process at its rlimit gets a MemoryError, which a function can catch; on the platform it is killed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aioric_emulator.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.exchange import HttpExchange
    from aioric_emulator.phases import ExecutionEnvironment

__all__ = ["MIB", "GuardedRuntimeApi", "place_limits", "sample_interval"]

MIB = 1024 * 1024
# How often, in seconds, the memory of a process's children is looked at, and that of one with a limit.
INTERVAL = 0.25
CLOSE_INTERVAL = 0.02


def sample_interval(configuration: FunctionConfiguration) -> float:
    """Give how long to wait before the next look at a function's memory, in seconds."""
    return CLOSE_INTERVAL if configuration.enforces_memory else INTERVAL


def place_limits(
    configurations: Iterable[FunctionConfiguration],
) -> tuple[list[FunctionConfiguration], str]:
    """Give configurations whose limits the kernel keeps, where it can; and who keeps them, for a person.

    The text is empty where nobody has a limit.
    """
    functions = list(configurations)
    if not any(each.enforces_memory for each in functions):
        return functions, ""
    from aioric_emulator.memory_group import NoGroupError, find_place  # noqa: PLC0415 - few ask for a limit

    try:
        place = find_place()
    except NoGroupError as reason:
        return functions, f"looked at every {CLOSE_INTERVAL * 1000:.0f} ms, not kept by the kernel: {reason}"
    placed = [replace(each, memory_place=place) if each.enforces_memory else each for each in functions]
    return placed, f"kept by the kernel, in control groups below {place.folder}"


class GuardedRuntimeApi(RuntimeApi):
    """Calls `check` before each request, and before a response that streams begins."""

    def __init__(
        self,
        environment: ExecutionEnvironment,
        clock: Callable[[], float],
        apply: Callable[[], None],
        *,
        check: Callable[[], None],
    ) -> None:
        super().__init__(environment, clock, apply)
        self._check = check

    def handle(self, exchange: HttpExchange) -> None:
        """Take a request."""
        self._check()
        super().handle(exchange)

    def opened(self, exchange: HttpExchange) -> None:
        """Take note that a request begins."""
        self._check()
        super().opened(exchange)
