"""What is asked of the contestants: events of four sizes, and how many of each make a sample."""

from __future__ import annotations

import json
from dataclasses import dataclass

SIZES = {"20B": 20, "2kB": 2_000, "256kB": 256_000, "5MB": 5_000_000}

# Enough for about a second of work of the official client: less is noise, more is patience.
COUNTS = {"20B": 4000, "2kB": 4000, "256kB": 320, "5MB": 32}
QUICK_DIVISOR = 10

# Below this an echo shows nothing that the trivial handler does not.
ECHO_BYTES = 100_000


@dataclass(frozen=True)
class Workload:
    """A handler and the size of its event."""

    handler: str
    size: str

    @property
    def name(self) -> str:
        """How tables call it."""
        return f"{self.handler} {self.size}"

    def event(self) -> bytes:
        """The event's bytes, exactly as many as the size says."""
        return event_of(SIZES[self.size])

    def count(self, lanes: int, *, quick: bool) -> int:
        """How many invocations make a sample; every lane gets one at least."""
        count = COUNTS[self.size]
        return max(count // QUICK_DIVISOR if quick else count, 2 * lanes)


def workloads(sizes: list[str]) -> list[Workload]:
    """The trivial handler for each size, and the echo where the payload is what costs."""
    trivial = [Workload("trivial", size) for size in sizes]
    return trivial + [Workload("echo", size) for size in sizes if SIZES[size] >= ECHO_BYTES]


def event_of(size: int) -> bytes:
    """Make an event such as queues deliver, records with strings, numbers and nesting, cut to the byte."""
    if size < 100:  # noqa: PLR2004 - one record takes more than that
        return b'{"k": "' + b"x" * (size - 9) + b'"}'
    record_bytes = len(json.dumps(_record(0))) + 10
    records = [_record(number) for number in range((size - 50) // record_bytes)]
    event = {"Records": records, "padding": ""}
    event["padding"] = "x" * (size - len(json.dumps(event)))
    return json.dumps(event).encode()


def _record(number: int) -> dict[str, object]:
    return {
        "messageId": f"059f36b4-87a3-44ab-83d2-{number:012d}",
        "body": 'Test message, with a line\nbreak and a "quote".',
        "attributes": {"ApproximateReceiveCount": 1, "SentTimestamp": 1545082649183 + number, "weight": 0.25},
        "tags": ["first", "second", None, True],
        "eventSource": "aws:sqs",
    }
