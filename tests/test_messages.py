"""The vocabulary that protocol, function and drivers share."""

from __future__ import annotations

import pytest

from aioric.messages import Buffered, Failed, Invocation


def test_an_invocation_needs_only_id_and_payload() -> None:
    """Whatever else an event may come with is absent until it is given."""
    invocation = Invocation("id-1", b"{}")
    given = {"request_id": "id-1", "payload": b"{}", "deadline_ms": 0}
    for name in Invocation.__slots__:
        assert getattr(invocation, name) == given.get(name)


@pytest.mark.parametrize("message", [Invocation("id", b""), Buffered(b"", "a/b"), Failed(b"", "E")])
def test_a_message_has_no_room_for_typing_errors(message: object) -> None:
    """A field that does not exist cannot be set by mistake."""
    with pytest.raises(AttributeError):
        message.contet_type = "a/b"  # type: ignore[attr-defined]  # the mistake


def test_answers_hold_what_they_are_made_of() -> None:
    """A success has a body and its type; a failure has a body, a kind, and perhaps a cause."""
    answer = Buffered(b"{}", "application/json")
    assert (answer.body, answer.content_type) == (b"{}", "application/json")
    failure = Failed(b"{}", "ValueError")
    assert (failure.body, failure.error_type, failure.xray_cause) == (b"{}", "ValueError", None)
    assert Failed(b"", "E", b"cause").xray_cause == b"cause"
