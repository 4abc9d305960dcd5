"""The memory of one environment: measured always, and held to the function's limit where that is wanted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from aioric_emulator.memory_limit import MIB, sample_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.guardian import Guardian
    from aioric_emulator.memory import MemoryGauge
    from aioric_emulator.memory_group import MemoryGroup
    from aioric_emulator.process import RuntimeProcess

__all__ = ["EnvironmentMemory"]

# How often, and how long apart in seconds, the end of what was in a control group is looked for.
REMOVALS = 50
REMOVAL_PAUSE = 0.02


class EnvironmentMemory:
    """What the runtime, the external extensions and their children use together.

    `overran` is called when that is more than the function has: found by looking, or by the kernel, which
    then has killed already. Both limits hold where there is a control group. The kernel's stops a process at
    once, but does not count what others have loaded (shared libraries); looking does, a moment later.
    """

    def __init__(
        self, configuration: FunctionConfiguration, guardian: Guardian, overran: Callable[[], None]
    ) -> None:
        self._configuration = configuration
        self._guardian = guardian
        self._overran = overran
        self._limit = configuration.memory * MIB if configuration.enforces_memory else None
        self._gauges: list[MemoryGauge] = []
        self._group: MemoryGroup | None = None
        self._has_killed = False

    @property
    def peak(self) -> int:
        """The most that was used so far, in bytes."""
        used = sum(gauge.peak() for gauge in self._gauges)
        # What the kernel killed was just below, and cannot be asked any more.
        return max(used, self._limit or 0) if self._has_killed else used

    def open(self) -> None:
        """Have the kernel keep the limit, where it can. Raises `OSError`."""
        place = self._configuration.memory_place
        if self._limit is not None and place is not None:
            self._group = place.make(self._limit)
            self._guardian.watch(self._group.folder)

    def join(self, process: RuntimeProcess) -> None:
        """Count a process from now on. Raises `OSError` where the kernel does not take it into the group."""
        self._gauges.append(process.memory)
        if self._group is not None:
            self._group.add(process.pid)

    def check(self) -> None:
        """Tell of too much."""
        if self._limit is None:
            return
        with suppress(FileNotFoundError):
            self._has_killed |= self._group is not None and self._group.has_killed
        if self._has_killed or self.peak > self._limit:
            self._overran()

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            for gauge in self._gauges:
                gauge.sample()
            self.check()
            await anyio.sleep(sample_interval(self._configuration))

    async def close(self) -> None:
        """Let go of the control group, when all that was in it is gone."""
        if self._group is None:
            return
        for _ in range(REMOVALS):
            if self._group.remove():
                self._guardian.forget(self._group.folder)
                return
            await anyio.sleep(REMOVAL_PAUSE)
