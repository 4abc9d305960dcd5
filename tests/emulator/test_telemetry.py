"""Batches: when they are due, what is in them, and what becomes of those that do not arrive."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from aioric_emulator.subscriptions import Destination, Subscription
from aioric_emulator.telemetry import MAX_BACKLOG, RETRY_DELAYS, Batch, Telemetry

HTTP = Destination("HTTP", 8080)
PLAIN = Subscription(
    "ext", "telemetry", "2022-12-13", ("platform", "function", "extension"), 1_000, 262_144, 1.0, HTTP
)


def subscribed(**changes: Any) -> Telemetry:
    """Give telemetry that is subscribed to, at second 0 of both clocks."""
    telemetry = Telemetry(0.0)
    telemetry.subscribe(replace(PLAIN, **changes), 0.0)
    return telemetry


def take(telemetry: Telemetry, now: float) -> list[Batch]:
    """Give the batches that are due."""
    return list(telemetry.take(now))


def contents(batch: Batch) -> list[Any]:
    """Give what a batch's records say."""
    return [each["record"] for each in json.loads(batch.body)]


def test_a_batch_waits_for_its_time() -> None:
    """Counted from its first record."""
    telemetry = subscribed(timeout=0.5)
    assert telemetry.next_deadline == float("inf")
    telemetry.add("function", "a", 1.0, "a")
    telemetry.add("platform.start", {"requestId": "1"}, 1.4)
    assert telemetry.next_deadline == 1.5
    assert take(telemetry, 1.49) == []
    (batch,) = take(telemetry, 1.5)
    assert json.loads(batch.body) == [
        {"time": "1970-01-01T00:00:01.000Z", "type": "function", "record": "a"},
        {"time": "1970-01-01T00:00:01.400Z", "type": "platform.start", "record": {"requestId": "1"}},
    ]
    telemetry.delivered(batch, 1.6)
    assert telemetry.is_settled


def test_a_batch_is_sent_when_it_is_full_of_items() -> None:
    """At once; the rest waits for its own time."""
    telemetry = subscribed(max_items=2)
    for number in range(3):
        telemetry.add("function", str(number), 1.0, str(number))
    (batch,) = take(telemetry, 1.0)
    assert contents(batch) == ["0", "1"]
    assert take(telemetry, 10.0) == []  # one at a time
    telemetry.delivered(batch, 1.1)
    assert contents(take(telemetry, 2.0)[0]) == ["2"]


def test_a_batch_is_sent_when_it_is_full_of_bytes() -> None:
    """A record larger than a batch is one of its own."""
    telemetry = subscribed(max_bytes=300)
    for text in ("a" * 100, "b" * 400, "c"):
        telemetry.add("function", text, 1.0, text)
    sizes = []
    for _ in range(3):
        (batch,) = take(telemetry, 2.0)
        sizes.append(len(contents(batch)[0]))
        telemetry.delivered(batch, 2.0)
    assert sizes == [100, 400, 1]


def test_lines_are_the_body_of_a_connection() -> None:
    """One JSON object each."""
    telemetry = subscribed(destination=Destination("TCP", 1))
    telemetry.add("function", "é", 0.0, "é")
    telemetry.add("function", "b\udcff", 0.0, "b\udcff")
    (batch,) = take(telemetry, 1.0)
    lines = batch.body.split(b"\n")
    assert [json.loads(line)["record"] for line in lines[:-1]] == ["é", "b?"]
    assert lines[-1] == b""


def test_what_is_not_subscribed_to_is_not_sent() -> None:
    """Each has its own streams."""
    telemetry = subscribed(types=("extension",))
    telemetry.subscribe(replace(PLAIN, name="other", types=("function",)), 0.0)
    telemetry.add("platform.start", {}, 0.0)
    telemetry.add("function", "f", 0.0, "f")
    telemetry.add("extension", "e", 0.0, "e")
    assert [contents(batch) for batch in take(telemetry, 1.0)] == [["e"], ["f"]]


def test_a_subscriber_gets_what_was_recorded_in_init() -> None:
    """Until init is over; after that nobody subscribes, and nothing is kept."""
    telemetry = Telemetry(0.0)
    telemetry.add("platform.initStart", {"phase": "init"}, 0.0)
    assert telemetry.is_wanted
    telemetry.subscribe(PLAIN, 0.2)
    assert contents(take(telemetry, 1.2)[0]) == [{"phase": "init"}]
    telemetry.close()
    assert telemetry.is_wanted
    nobody = Telemetry(0.0)
    nobody.close()
    assert not nobody.is_wanted
    nobody.add("function", "x", 0.0, "x")
    assert nobody.next_deadline == float("inf")


def test_a_second_subscription_replaces_the_first() -> None:
    """Of the same extension; what it was sent is not sent again."""
    telemetry = Telemetry(0.0)
    telemetry.add("function", "a", 0.0, "a")
    telemetry.subscribe(PLAIN, 0.0)
    telemetry.subscribe(replace(PLAIN, timeout=0.1), 0.0)
    assert len(telemetry.subscribers) == 1
    assert contents(take(telemetry, 0.1)[0]) == ["a"]


def test_a_batch_is_sent_again_and_then_dropped() -> None:
    """After longer and longer pauses; what was dropped is told with what arrives next."""
    telemetry = subscribed()
    telemetry.add("function", "lost", 0.0, "lost")
    (batch,) = take(telemetry, 1.0)
    now = 1.0
    for delay in RETRY_DELAYS:
        telemetry.failed(batch, now)
        assert telemetry.next_deadline == now + delay
        assert take(telemetry, now + delay - 0.01) == []
        now += delay
        assert take(telemetry, now) == [batch]
        assert telemetry.next_deadline == float("inf")
    telemetry.failed(batch, now)
    assert telemetry.is_settled
    telemetry.add("function", "next", now, "next")
    (batch,) = take(telemetry, now + 1.0)
    assert contents(batch) == ["next"]
    telemetry.delivered(batch, now + 1.0)
    (told,) = take(telemetry, now + 2.0)
    (record,) = json.loads(told.body)
    assert record["type"] == "platform.logsDropped"
    assert record["record"]["droppedRecords"] == 1
    assert record["record"]["droppedBytes"] > len("lost")
    assert "fallen behind" in record["record"]["reason"]


def test_too_much_for_a_slow_subscriber_is_dropped() -> None:
    """The memory that it may take has a limit; one who has not subscribed to the platform is not told."""
    telemetry = subscribed(types=("function",))
    line = "x" * 1_000_000
    for _ in range(10):
        telemetry.add("function", line, 0.0, line)
    (subscriber,) = telemetry.subscribers
    assert subscriber.size <= MAX_BACKLOG
    assert subscriber.dropped_records == 10 - len(subscriber.waiting)
    (batch,) = take(telemetry, 0.0)
    telemetry.delivered(batch, 0.0)
    assert subscriber.dropped_records


def test_nothing_is_sent_while_the_environment_is_frozen() -> None:
    """It is sent when it goes on."""
    telemetry = subscribed()
    telemetry.add("function", "a", 0.0, "a")
    telemetry.pause()
    assert telemetry.next_deadline == float("inf")
    assert take(telemetry, 5.0) == []
    telemetry.resume()
    assert len(take(telemetry, 5.0)) == 1


def test_at_the_end_nothing_waits() -> None:
    """Neither what waited, nor what still comes."""
    telemetry = subscribed(timeout=30.0)
    telemetry.add("function", "a", 0.0, "a")
    telemetry.pause()
    telemetry.flush()
    (batch,) = take(telemetry, 0.0)
    telemetry.add("function", "b", 0.0, "b")
    telemetry.delivered(batch, 0.0)
    assert contents(take(telemetry, 0.0)[0]) == ["b"]
