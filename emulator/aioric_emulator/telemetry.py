"""Who has subscribed to an environment's telemetry, and which batch is sent to whom when. No I/O.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aioric_emulator.telemetry_schemas import Record, shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aioric_emulator.subscriptions import Subscription
    from aioric_emulator.telemetry_schemas import Content

__all__ = ["Batch", "Subscriber", "Telemetry"]

# A batch that fails is sent again after these pauses, in seconds; then it is dropped.
RETRY_DELAYS = (0.1, 0.2, 0.4, 0.8)
# How many bytes may wait for a subscriber that is slower than what it is told of. The platform does not name
# its own limit; of one batch it says that it may be twice as large as `maxBytes`.
MAX_BACKLOG = 8 * 1024 * 1024
# Records of the init phase that are kept for whoever subscribes within it.
MAX_EARLY = 10_000
DROPPED = "Consumer seems to have fallen behind as it has not acknowledged receipt of logs."


@dataclass(slots=True, eq=False)
class Batch:
    """What is sent to a subscriber in one go: records as JSON, in order."""

    subscriber: Subscriber
    records: list[bytes]
    attempts: int = 0

    @property
    def body(self) -> bytes:
        """The body of a request, or the lines of a TCP connection."""
        if self.subscriber.subscription.destination.protocol == "TCP":
            return b"".join(record + b"\n" for record in self.records)
        return b"[" + b",".join(self.records) + b"]"


@dataclass(slots=True, eq=False)
class Subscriber:
    """One subscription, what waits for it, and what is under way."""

    subscription: Subscription
    waiting: deque[bytes] = field(default_factory=deque)
    size: int = 0
    # When the oldest waiting record came.
    since: float = float("inf")
    under_way: Batch | None = None
    retry_at: float = float("inf")
    dropped_records: int = 0
    dropped_bytes: int = 0

    def put(self, data: bytes, now: float) -> None:
        """Have a record wait, unless too much does."""
        if self.size + len(data) > MAX_BACKLOG:
            self.drop([data])
            return
        if not self.waiting:
            self.since = now
        self.waiting.append(data)
        self.size += len(data)

    def drop(self, records: list[bytes]) -> None:
        """Count records that will never be sent."""
        self.dropped_records += len(records)
        self.dropped_bytes += sum(map(len, records))

    @property
    def is_full(self) -> bool:
        """Whether a batch is complete."""
        return len(self.waiting) >= self.subscription.max_items or self.size >= self.subscription.max_bytes

    @property
    def due_at(self) -> float:
        """When a batch is to be sent, which is never while another is under way."""
        if self.under_way is not None:
            return self.retry_at
        return 0.0 if self.is_full else self.since + self.subscription.timeout

    def take(self) -> Batch:
        """Give the batch that is due: the one that failed, or what waits, up to its limits."""
        if self.under_way is not None:
            self.retry_at = float("inf")
            return self.under_way
        records: list[bytes] = []
        size = 0
        while self.waiting and len(records) < self.subscription.max_items:
            if records and size + len(self.waiting[0]) > self.subscription.max_bytes:
                break
            records.append(self.waiting.popleft())
            size += len(records[-1])
        self.size -= size
        if not self.waiting:
            self.since = float("inf")
        self.under_way = Batch(self, records)
        return self.under_way


class Telemetry:
    """The subscribers of one environment. All times are in seconds, sizes in bytes."""

    def __init__(self, epoch_offset: float) -> None:
        self.subscribers: list[Subscriber] = []
        self._epoch_offset = epoch_offset
        self._early: list[Record] | None = []
        self._is_paused = False
        self._is_ending = False

    def wall_clock(self, now: float) -> float:
        """Give a moment in seconds since the epoch."""
        return now + self._epoch_offset

    def stamp(self, now: float) -> str:
        """Give a moment as records have it."""
        moment = datetime.fromtimestamp(self.wall_clock(now), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def is_wanted(self) -> bool:
        """Whether records are of use: while somebody may subscribe, and when somebody has."""
        return self._early is not None or bool(self.subscribers)

    def close(self) -> None:
        """Take no more subscribers: init is over."""
        self._early = None

    def subscribe(self, subscription: Subscription, now: float) -> None:
        """Add a subscriber, who also gets what its init has recorded; or change a subscription."""
        for subscriber in self.subscribers:
            if subscriber.subscription.name == subscription.name:
                subscriber.subscription = subscription
                return
        subscriber = Subscriber(subscription)
        self.subscribers.append(subscriber)
        for record in self._early or ():
            self._offer(subscriber, record, now)

    def add(self, kind: str, content: Content, now: float, text: str = "") -> None:
        """Record what happened: `kind` is `function`, `extension` or `platform.…`; `text` is a raw line."""
        record = Record(self.stamp(now), kind, content, text)
        if self._early is not None and len(self._early) < MAX_EARLY:
            self._early.append(record)
        for subscriber in self.subscribers:
            self._offer(subscriber, record, now)

    def _offer(self, subscriber: Subscriber, record: Record, now: float) -> None:
        if record.type not in subscriber.subscription.types:
            return
        content = shape(record, subscriber.subscription)
        if content is not None:
            subscriber.put(encode(record.time, record.kind, content), now)
            if self._is_ending:
                self.flush()

    def pause(self) -> None:
        """Send nothing: the environment is frozen."""
        self._is_paused = True

    def resume(self) -> None:
        """Send again."""
        self._is_paused = False

    def flush(self) -> None:
        """Have everything that waits sent at once: the environment ends."""
        self._is_ending, self._is_paused = True, False
        for subscriber in self.subscribers:
            if subscriber.waiting:
                subscriber.since = float("-inf")

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits and nothing is under way."""
        return all(not each.waiting and each.under_way is None for each in self.subscribers)

    @property
    def next_deadline(self) -> float:
        """When there is something to send, unless something else happens before."""
        if self._is_paused:
            return float("inf")
        return min((subscriber.due_at for subscriber in self.subscribers), default=float("inf"))

    def take(self, now: float) -> Iterator[Batch]:
        """Give the batches to send now. Each is to be `delivered` or `failed`."""
        if self._is_paused:
            return
        for subscriber in self.subscribers:
            if subscriber.due_at <= now:
                yield subscriber.take()

    def delivered(self, batch: Batch, now: float) -> None:
        """Take note that a batch has arrived; say what was dropped meanwhile."""
        subscriber = batch.subscriber
        subscriber.under_way = None
        if subscriber.dropped_records and "platform" in subscriber.subscription.types:
            content = {
                "reason": DROPPED,
                "droppedRecords": subscriber.dropped_records,
                "droppedBytes": subscriber.dropped_bytes,
            }
            subscriber.dropped_records = subscriber.dropped_bytes = 0
            subscriber.put(encode(self.stamp(now), "platform.logsDropped", content), now)

    def failed(self, batch: Batch, now: float) -> None:
        """Take note that a batch did not arrive: it is sent again, and again, and then dropped."""
        subscriber = batch.subscriber
        batch.attempts += 1
        if batch.attempts > len(RETRY_DELAYS):
            subscriber.drop(batch.records)
            subscriber.under_way = None
        else:
            subscriber.retry_at = now + RETRY_DELAYS[batch.attempts - 1]


def encode(time: str, kind: str, content: Content) -> bytes:
    """Give a record's JSON."""
    record = {"time": time, "type": kind, "record": content}
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
