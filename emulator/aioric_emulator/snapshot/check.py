"""The uniqueness check: several copies of a snapshot, asked what they hold once their hooks have run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aioric_emulator.environment import RunningEnvironment
    from aioric_emulator.phases import ExecutionEnvironment
    from aioric_emulator.service import Service
    from aioric_emulator.snapshot.uniqueness import Uniqueness

__all__ = ["Copies"]

INTERVAL = 0.01
FEWEST = 2
NO_SNAPSHOT = (
    "There is no snapshot to copy: SnapStart is off, the init failed,"
    " or the runtime is no Python that waits in /restore/next"
)


class Copies:
    """The snapshot's copies of a function, as far as they are compared. `apply` has decisions carried out."""

    def __init__(
        self,
        service: Service,
        running: Mapping[ExecutionEnvironment, RunningEnvironment],
        clock: Callable[[], float],
        apply: Callable[[], None],
    ) -> None:
        self._service = service
        self._running = running
        self._clock = clock
        self._apply = apply

    async def compare(self, copies: int) -> Uniqueness:
        """Restore so many copies of the snapshot, compare what they hold, and end them.

        Raises `ValueError` for fewer than two, and `CopyError` where there is no snapshot that can be copied,
        or a copy fails.
        """
        # Every function has this object, and few are compared.
        from aioric_emulator.snapshot.copying import CAN_COPY, CopyError  # noqa: PLC0415
        from aioric_emulator.snapshot.uniqueness import compare  # noqa: PLC0415

        if copies < FEWEST:
            raise ValueError(f"uniqueness takes two copies at least, not {copies}")
        if not CAN_COPY:
            raise CopyError("A snapshot is copied by fork, which is done on Linux only")
        while self._service.is_initialising:  # noqa: ASYNC110 - nothing else waits for it, or tells of it
            await anyio.sleep(INTERVAL)
        restored = [self._service.restore(self._clock()) for _ in range(copies)]
        self._apply()
        made = [model for model in restored if model is not None]
        if not made:
            raise CopyError(NO_SNAPSHOT)
        try:
            return compare(await ask(made, self._running))
        finally:
            for model in made:
                if not model.is_stopped:
                    self._service.retire(model)
            self._apply()


async def ask(
    made: Sequence[ExecutionEnvironment], running: Mapping[ExecutionEnvironment, RunningEnvironment]
) -> list[dict[str, Any]]:
    """Ask copies what they hold, once they have been restored."""
    from aioric_emulator.snapshot.copying import CopyError  # noqa: PLC0415 - as above

    told = []
    for model in made:
        while not (model.is_stopped or model.has_started):  # noqa: ASYNC110 - likewise
            await anyio.sleep(INTERVAL)
        environment = running.get(model)
        if model.is_stopped or environment is None:
            raise CopyError("A copy ended before it could be compared: see the function's log")
        told.append(await environment.tell())
    return told
