"""The queue of asynchronous invocations: attempts, delays, age, and the records of the end."""

from __future__ import annotations

from aioric_emulator.asynchronous import EventPolicy, EventQueue, QueuedEvent, Settled
from aioric_emulator.messages import Outcome

GOOD = Outcome(b'{"a":1}')
BAD = Outcome(b"no json", is_error=True)


def event(request_id: str = "r") -> QueuedEvent:
    """Give an event."""
    return QueuedEvent(request_id, b'{"k":1}', "arn:f:$LATEST")


def test_an_event_is_due_at_once_and_once() -> None:
    """In the order of arrival."""
    queue = EventQueue(EventPolicy())
    first, second = event("1"), event("2")
    queue.accept(first, 10.0)
    queue.accept(second, 11.0)
    assert queue.next_deadline == 10.0
    assert queue.take_due(10.0) == [first]
    assert queue.take_due(11.0) == [second]
    assert queue.next_deadline == float("inf")


def test_errors_are_tried_twice_again_with_growing_delays() -> None:
    """One minute, two minutes, and then it is over."""
    queue = EventQueue(EventPolicy())
    one = event()
    queue.accept(one, 0.0)
    dues = []
    now = 0.0
    for _ in range(3):
        assert queue.take_due(now) == [one]
        queue.answered(one, BAD, now)
        now = queue.next_deadline
        dues.append(now)
    assert dues == [60.0, 180.0, float("inf")]
    (settled,) = queue.take_settled()
    assert (settled.condition, settled.is_success, one.failures) == ("RetriesExhausted", False, 3)
    assert queue.take_settled() == []


def test_a_success_ends_it() -> None:
    """Also after a failure."""
    queue = EventQueue(EventPolicy(retry_delay=1.0))
    one = event()
    queue.accept(one, 0.0)
    queue.take_due(0.0)
    queue.answered(one, BAD, 0.0)
    queue.take_due(1.0)
    queue.answered(one, GOOD, 1.0)
    (settled,) = queue.take_settled()
    assert settled.is_success
    assert settled.record(0.0)["requestContext"]["approximateInvokeCount"] == 2


def test_no_room_is_no_attempt_and_waits_ever_longer() -> None:
    """From one second on, doubled, to five minutes at most; until the event is too old."""
    queue = EventQueue(EventPolicy(max_retries=0, max_age=1000.0))
    one = event()
    queue.accept(one, 0.0)
    now, delays = 0.0, []
    while queue.take_due(now):
        queue.refused(one, now)
        delays.append(queue.next_deadline - now)
        now = queue.next_deadline
    assert delays == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, float("inf")]
    (settled,) = queue.take_settled()
    assert (settled.condition, settled.outcome, one.failures) == ("EventAgeExceeded", None, 0)
    assert "responsePayload" not in settled.record(0.0)


def test_the_record_of_a_success() -> None:
    """The shape that a destination gets from the platform."""
    record = Settled(event(), "Success", GOOD).record(1_700_000_000.0)
    assert record == {
        "version": "1.0",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "requestContext": {
            "requestId": "r",
            "functionArn": "arn:f:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"k": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": {"a": 1},
    }


def test_the_record_of_a_failure() -> None:
    """It names the error, and holds what is no JSON as text."""
    record = Settled(event(), "RetriesExhausted", BAD).record(0.0)
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == "no json"
