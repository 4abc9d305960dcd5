"""Where the records of asynchronous invocations go in the end: a file of JSON lines, or a callback."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from aioric_emulator.asynchronous import Settled

__all__ = ["Destination", "Destinations"]

Destination: TypeAlias = Path | Callable[[dict[str, Any]], None] | None


@dataclass(frozen=True, slots=True)
class Destinations:
    """A function's destinations, by how its events end. Each is a file to append to, or is called."""

    on_success: Destination = None
    on_failure: Destination = None

    def send(self, settled: Settled, time: float) -> None:
        """Hand a record over, at a time in seconds since the epoch. Raises `OSError`."""
        destination = self.on_success if settled.is_success else self.on_failure
        if destination is None:
            return
        record = settled.record(time)
        if isinstance(destination, Path):
            with destination.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        else:
            destination(record)
