"""A SnapStart version in the model: the snapshot, and the calls that wait for its publication. No I/O."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment

__all__ = ["Publication"]


class Publication:
    """What new environments are copies of. Empty for a function without SnapStart."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._is_wanted = is_wanted
        self.snapshot: ExecutionEnvironment | None = None
        self._waiting: deque[Invocation] = deque()

    def hold(self, invocation: Invocation, environments: Iterable[ExecutionEnvironment]) -> bool:
        """Have a call wait for the version that is being published, in place of a further init."""
        if not self._is_wanted or self.snapshot is not None:
            return False
        is_coming = any(each.is_initialising and each.reserved is None for each in environments)
        if is_coming:
            self._waiting.append(invocation)
        return is_coming

    def take_waiting(self) -> deque[Invocation]:
        """Give the calls that wait, and let go of them."""
        waiting, self._waiting = self._waiting, deque()
        return waiting

    def publish(self, environment: ExecutionEnvironment) -> None:
        """Take an environment as the snapshot; one is enough."""
        if self.snapshot is None:
            self.snapshot = environment
        else:
            environment.stop("spindown")

    def withdraw(self, environment: ExecutionEnvironment) -> None:
        """Take note that an environment has ended."""
        if environment is self.snapshot:
            self.snapshot = None
