"""The form in which each version of the Telemetry API, and of the older Logs API, has a record. No I/O.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aioric_emulator.subscriptions import Subscription

__all__ = ["Content", "Record", "shape"]

Content: TypeAlias = "Mapping[str, object] | str"

# The platform's records that the Logs API has, with the keys that it has of each.
LOGS: dict[str, tuple[str, ...]] = {
    "platform.start": ("requestId", "version"),
    "platform.runtimeDone": ("requestId", "status"),
    "platform.end": ("requestId",),
    "platform.report": ("requestId", "metrics"),
    "platform.extension": ("name", "state", "events"),
    "platform.logsSubscription": ("name", "state", "types"),
}
# What the Telemetry API has no more.
LOGS_ONLY = frozenset({"platform.end", "platform.fault", "platform.logsSubscription"})
# The first versions: a line that is JSON is a string there like any other.
TEXT_ONLY = frozenset({"2022-07-01", "2020-08-15", "2021-03-18"})
NO_RUNTIME_DONE = "2020-08-15"


@dataclass(slots=True)
class Record:
    """One record. A line's `content` is an object where it is JSON in a JSON log; its `text` is as it was."""

    time: str
    kind: str
    content: Content
    text: str = ""

    @property
    def type(self) -> str:
        """What is subscribed to: platform, function or extension."""
        return self.kind.partition(".")[0]


def shape(record: Record, subscription: Subscription) -> Content | None:
    """Give a record's content as a subscriber has it, or None where it has no such record."""
    if record.type != "platform":
        return record.text if subscription.schema in TEXT_ONLY else record.content
    if subscription.api == "telemetry":
        return None if record.kind in LOGS_ONLY else record.content
    if isinstance(record.content, str):
        return record.content
    if record.kind == "platform.runtimeDone" and subscription.schema == NO_RUNTIME_DONE:
        return None
    keys = LOGS.get(record.kind)
    return None if keys is None else {key: record.content[key] for key in keys if key in record.content}
