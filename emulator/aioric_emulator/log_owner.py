"""To which invocation a line of the log belongs, as far as that can be known. No I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioric_emulator.messages import Invocation
    from aioric_emulator.phases import ExecutionEnvironment

__all__ = ["find_owner", "read_request_id"]


def find_owner(
    line: str, environment: ExecutionEnvironment, finishing: Invocation | None
) -> Invocation | None:
    """Give the invocation that an environment's line belongs to.

    `finishing` is over for the model, and its last lines are being read. With many lanes a line is an
    invocation's only if it says so.
    """
    running = list(environment.running())
    if finishing is not None:
        running.insert(0, finishing)
    if not environment.is_managed:
        if running:
            return running[0]
        reserved = environment.reserved
        return reserved if reserved is not None and reserved.started_at is not None else None
    request_id = read_request_id(line) if running else ""
    return next((each for each in running if each.request_id == request_id), None)


def read_request_id(line: str) -> str:
    """Give the request id that a JSON line names, or nothing."""
    if not line.startswith("{"):
        return ""
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    found = record.get("requestId", "") if isinstance(record, dict) else ""
    return found if isinstance(found, str) else ""
