"""One lane's talk: what is said, what is said again after a loss, and what never is."""

from __future__ import annotations

import pytest

from aioric.errors import ConnectionLost, LimitExceeded, MalformedResponse, PlatformRefused
from aioric.messages import Buffered, Failed, Invocation, Streamed
from aioric.protocol.conversation import JOIN_UP_TO, PAUSES, Conversation
from aioric.protocol.runtime_api import RuntimeApi

API = RuntimeApi("127.0.0.1:9001", "test")
POLL = API.next_invocation
EVENT = b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nContent-Length: 2\r\n\r\n{}"
OTHER_EVENT = EVENT.replace(b"id-1", b"id-2")
ACCEPTED = b'HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n'
CLOSING = ACCEPTED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
REFUSED = b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\ndie"

SMALL = Buffered(b"done", "application/json")
LARGE = Buffered(bytes(JOIN_UP_TO + 1), "application/json")
FAILURE = Failed(b"{}", "E")
ANSWERS = [
    pytest.param(SMALL, id="small"),
    pytest.param(LARGE, id="large"),
    pytest.param(FAILURE, id="failed"),
]


@pytest.fixture(params=[True, False], ids=["pipelined", "in turn"])
def pipeline(request: pytest.FixtureRequest) -> bool:
    """Whether answer and poll may leave together."""
    return bool(request.param)


def posted(answer: Buffered | Failed, request_id: str = "id-1") -> bytes:
    """The bytes of an answer."""
    invocation = Invocation(request_id, b"")
    if isinstance(answer, Failed):
        return API.error(invocation, answer) + answer.body
    return API.response(invocation, answer) + answer.body


def said(conversation: Conversation) -> bytes:
    """What the conversation wants to be written."""
    return b"".join(conversation.take())


def owes(conversation: Conversation) -> bool:
    """Whether an answer is not acknowledged; a function, since a type checker thinks that properties stay."""
    return conversation.owing


def spent(conversation: Conversation) -> bool:
    """Whether the connection must not be used again; likewise."""
    return conversation.reopen


def polling(*, pipeline: bool) -> Conversation:
    """A lane whose poll has been written."""
    conversation = Conversation(API, pipeline=pipeline)
    conversation.poll()
    assert said(conversation) == POLL
    return conversation


def serving(*, pipeline: bool) -> tuple[Conversation, Invocation]:
    """A lane that has received an event."""
    conversation = polling(pipeline=pipeline)
    invocation = conversation.receive(EVENT)
    assert invocation is not None
    assert invocation.request_id == "id-1"
    return conversation, invocation


def answered(answer: Buffered | Failed = SMALL, *, pipeline: bool, poll: bool = True) -> Conversation:
    """A lane whose answer has been written."""
    conversation, invocation = serving(pipeline=pipeline)
    conversation.answer(invocation, answer, poll=poll)
    assert said(conversation) == posted(answer) + (POLL if pipeline and poll else b"")
    return conversation


def test_the_first_word_is_a_poll() -> None:
    """A conversation begins with a poll, and says it once."""
    conversation = polling(pipeline=True)
    assert conversation.take() == []
    assert not owes(conversation)


@pytest.mark.parametrize("answer", ANSWERS)
def test_answer_and_poll_leave_together_or_in_turn(answer: Buffered | Failed, *, pipeline: bool) -> None:
    """Pipelined, the poll follows its answer at once; otherwise only once the answer is accepted."""
    conversation = answered(answer, pipeline=pipeline)
    assert owes(conversation)
    assert conversation.receive(ACCEPTED) is None
    assert not owes(conversation)
    assert said(conversation) == (b"" if pipeline else POLL)
    assert conversation.receive(OTHER_EVENT) is not None


def test_a_small_answer_is_one_part_and_a_large_one_is_not_copied() -> None:
    """A small answer and the poll are one buffer; a large body is the handler's own bytes."""
    conversation, invocation = serving(pipeline=True)
    conversation.answer(invocation, SMALL)
    assert len(conversation.take()) == 1
    conversation.receive(ACCEPTED + EVENT)
    conversation.answer(invocation, LARGE)
    head, body, poll = conversation.take()
    assert head.startswith(b"POST ")
    assert body is LARGE.body
    assert poll == POLL


def test_acknowledgement_and_event_may_come_in_one_segment() -> None:
    """The acceptance of one answer and the next event may arrive together, split anywhere."""
    wire = ACCEPTED + OTHER_EVENT
    for cut in range(len(wire)):
        conversation = answered(pipeline=True)
        first = conversation.receive(wire[:cut]) if cut else None
        assert first is None
        invocation = conversation.receive(wire[cut:])
        assert invocation is not None
        assert invocation.request_id == "id-2"
        assert not spent(conversation)


def test_a_lane_may_leave_after_its_answer(*, pipeline: bool) -> None:
    """An answer without a poll is the last word."""
    conversation = answered(pipeline=pipeline, poll=False)
    assert owes(conversation)
    assert conversation.receive(ACCEPTED) is None
    assert not owes(conversation)
    assert said(conversation) == b""


def test_a_refusal_is_noted_and_the_lane_goes_on(*, pipeline: bool) -> None:
    """An answer that is refused is a note for the log, and the next poll is said as ever."""
    conversation = answered(pipeline=pipeline)
    assert conversation.receive(REFUSED) is None
    assert conversation.refusals == ["413 big"]
    assert said(conversation) == (b"" if pipeline else POLL)
    assert conversation.receive(OTHER_EVENT) is not None


def test_an_event_behind_a_refusal_is_served() -> None:
    """A refusal and the next event in one segment: the event is not lost."""
    conversation = answered(pipeline=True)
    invocation = conversation.receive(REFUSED + OTHER_EVENT)
    assert invocation is not None
    assert conversation.refusals == ["413 big"]


def test_a_broken_platform_ends_the_lane(*, pipeline: bool) -> None:
    """A 500 to an answer ends the conversation, which then owes nothing."""
    conversation = answered(pipeline=pipeline)
    with pytest.raises(PlatformRefused):
        conversation.receive(BROKEN)
    assert not owes(conversation)


def test_a_refused_poll_ends_the_lane(*, pipeline: bool) -> None:
    """A poll that is answered 500 ends the conversation."""
    with pytest.raises(PlatformRefused):
        polling(pipeline=pipeline).receive(BROKEN)


def test_a_closing_acknowledgement_moves_the_poll(*, pipeline: bool) -> None:
    """`Connection: close` on an acknowledgement: a pipelined poll will not be heard, so it is said anew."""
    conversation = answered(pipeline=pipeline)
    assert conversation.receive(CLOSING) is None
    assert spent(conversation)
    assert said(conversation) == POLL
    conversation.reopened()
    assert not spent(conversation)


def test_a_closing_event_moves_the_answer(*, pipeline: bool) -> None:
    """`Connection: close` on an event: it is served, and the answer needs another connection."""
    conversation = polling(pipeline=pipeline)
    invocation = conversation.receive(EVENT.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert invocation is not None
    assert spent(conversation)
    assert said(conversation) == b""


def test_an_event_may_end_with_the_connection(*, pipeline: bool) -> None:
    """An event of unknown length is complete when the peer closes; the answer needs another connection."""
    conversation = polling(pipeline=pipeline)
    assert conversation.receive(EVENT.replace(b"Content-Length: 2\r\n", b"")) is None
    invocation = conversation.receive(b"")
    assert invocation is not None
    assert invocation.payload == b"{}"
    assert spent(conversation)


def test_what_follows_an_event_unasked_spoils_the_connection(*, pipeline: bool) -> None:
    """An event with more bytes behind it is served, but nothing more is believed on that connection."""
    conversation = polling(pipeline=pipeline)
    assert conversation.receive(EVENT + OTHER_EVENT) is not None
    assert spent(conversation)
    conversation.reopened()
    assert conversation.receive(OTHER_EVENT[:-1]) is None  # of the new connection: nothing is left over


@pytest.mark.parametrize(
    ("acknowledgement", "pipelined"),
    [pytest.param(CLOSING, True, id="closing"), pytest.param(ACCEPTED, False, id="in turn")],
)
def test_what_follows_an_acknowledgement_unasked_is_not_believed(
    acknowledgement: bytes, *, pipelined: bool
) -> None:
    """An event to a poll that was not heard, or not even written, is not served: the poll is said anew."""
    conversation = answered(pipeline=pipelined)
    assert conversation.receive(acknowledgement + OTHER_EVENT) is None
    assert spent(conversation)
    assert said(conversation) == POLL


def test_a_response_to_nothing_is_malformed(*, pipeline: bool) -> None:
    """A peer that answers without being asked makes no sense."""
    conversation = answered(pipeline=pipeline, poll=False)
    with pytest.raises(MalformedResponse, match="response to nothing"):
        conversation.receive(ACCEPTED + ACCEPTED)
    conversation.lost(0)
    assert said(conversation) == b""


def test_an_event_without_request_id_is_asked_for_again(*, pipeline: bool) -> None:
    """An event that cannot be answered leaves the poll outstanding, and counts as a loss."""
    conversation = polling(pipeline=pipeline)
    nameless = EVENT.replace(b"Request-Id: id-1", b"Request-Id: ")
    for _ in PAUSES:
        with pytest.raises(MalformedResponse, match="Request-Id"):
            conversation.receive(nameless)
        conversation.lost(len(POLL))
        assert said(conversation) == POLL
        conversation.reopened()
    with pytest.raises(MalformedResponse, match="Request-Id"):
        conversation.receive(nameless)
    with pytest.raises(ConnectionLost):
        conversation.lost(len(POLL))


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        pytest.param(b"HTP/1.1 200 OK\r\n\r\n", MalformedResponse, id="malformed"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", LimitExceeded, id="too large"),
    ],
)
def test_bytes_without_sense_are_passed_on(wire: bytes, error: type[Exception], *, pipeline: bool) -> None:
    """What the reader refuses ends the connection, and the poll is said again on the next."""
    conversation = polling(pipeline=pipeline)
    with pytest.raises(error):
        conversation.receive(wire)
    conversation.lost(len(POLL))
    assert said(conversation) == POLL


@pytest.mark.parametrize("wire", [b"", EVENT[:9], EVENT[:-1]], ids=["nothing", "half a head", "half a body"])
def test_the_end_of_a_poll_is_a_loss(wire: bytes, *, pipeline: bool) -> None:
    """A peer that closes before an event is complete has lost the poll, which is said again."""
    conversation = polling(pipeline=pipeline)
    if wire:
        assert conversation.receive(wire) is None
    with pytest.raises(ConnectionLost):
        conversation.receive(b"")
    conversation.lost(len(POLL))
    assert spent(conversation)
    assert said(conversation) == POLL


@pytest.mark.parametrize("sent", [0, 1, len(POLL) - 1, len(POLL)])
def test_a_lost_poll_is_said_again(sent: int, *, pipeline: bool) -> None:
    """A poll is said again however much of it had left."""
    conversation = polling(pipeline=pipeline)
    conversation.lost(sent)
    assert said(conversation) == POLL
    assert conversation.refusals == []


@pytest.mark.parametrize("missing", [1, 2, "all"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_left_in_part_is_said_again(
    answer: Buffered | Failed, missing: int | str, *, pipeline: bool
) -> None:
    """An answer of which a byte is missing cannot have been accepted: it is said again, in full."""
    conversation = answered(answer, pipeline=pipeline)
    size = len(posted(answer))
    conversation.lost(0 if missing == "all" else size - int(missing))
    assert owes(conversation)
    assert spent(conversation)
    assert said(conversation) == posted(answer) + (POLL if pipeline else b"")
    conversation.reopened()
    assert conversation.receive(ACCEPTED) is None
    assert said(conversation) == (b"" if pipeline else POLL)
    assert conversation.receive(OTHER_EVENT) is not None


@pytest.mark.parametrize("beyond", [0, 1, len(POLL)])
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_left_whole_is_never_said_again(
    answer: Buffered | Failed, beyond: int, *, pipeline: bool
) -> None:
    """An answer whose last byte left may have arrived: only the poll is said again, and the log is told."""
    conversation = answered(answer, pipeline=pipeline)
    conversation.lost(len(posted(answer)) + (beyond if pipeline else 0))
    assert not owes(conversation)
    assert said(conversation) == POLL
    assert conversation.refusals == ["the connection was lost before the Runtime API acknowledged it"]


def test_a_leaving_lane_says_its_answer_again_but_no_poll(*, pipeline: bool) -> None:
    """The last answer is said again if it left in part, and nothing after it."""
    conversation = answered(pipeline=pipeline, poll=False)
    conversation.lost(len(posted(SMALL)) - 1)
    assert said(conversation) == posted(SMALL)
    conversation.reopened()
    conversation.lost(len(posted(SMALL)))
    assert said(conversation) == b""
    assert not owes(conversation)


def test_a_loss_after_the_acknowledgement_costs_only_the_poll(*, pipeline: bool) -> None:
    """Once an answer is accepted, whatever is lost is the poll."""
    conversation = answered(pipeline=pipeline)
    conversation.receive(ACCEPTED)
    conversation.lost(len(posted(SMALL)))
    assert said(conversation) == POLL
    assert conversation.refusals == []


def test_an_interrupted_answer_can_still_be_refused(*, pipeline: bool) -> None:
    """A refusal that came before the answer had left counts, and the connection is of no more use."""
    conversation = answered(pipeline=pipeline)
    conversation.interrupted = True
    assert conversation.receive(REFUSED) is None
    assert conversation.refusals == ["413 big"]
    assert not owes(conversation)
    assert spent(conversation)
    assert said(conversation) == POLL
    conversation.reopened()
    assert not conversation.interrupted


def test_half_a_response_dies_with_its_connection(*, pipeline: bool) -> None:
    """What a lost connection had begun to say is not continued on the next."""
    conversation = polling(pipeline=pipeline)
    conversation.receive(EVENT[:20])
    conversation.lost(len(POLL))
    conversation.reopened()
    assert said(conversation) == POLL
    assert conversation.receive(EVENT) is not None


def test_losses_in_a_row_are_paused_and_then_final(*, pipeline: bool) -> None:
    """Each loss in a row waits longer than the one before, and one more than there are pauses is the end."""
    conversation = polling(pipeline=pipeline)
    pauses = []
    for _ in PAUSES:
        conversation.lost(0)
        pauses.append(conversation.pause)
    assert pauses == list(PAUSES)
    with pytest.raises(ConnectionLost, match=f"lost {len(PAUSES) + 1} times in a row"):
        conversation.lost(0)


@pytest.mark.parametrize("wire", [ACCEPTED, REFUSED], ids=["accepted", "refused"])
def test_a_response_forgives_earlier_losses(wire: bytes, *, pipeline: bool) -> None:
    """Losses count in a row only: a response in between starts the count anew."""
    conversation = answered(pipeline=pipeline)
    for _ in PAUSES:
        conversation.lost(0)
    said(conversation)
    conversation.receive(wire)
    conversation.lost(0)
    assert conversation.pause == PAUSES[0]


def test_an_event_forgives_earlier_losses(*, pipeline: bool) -> None:
    """So does an event."""
    conversation = polling(pipeline=pipeline)
    for _ in PAUSES:
        conversation.lost(0)
    said(conversation)
    assert conversation.receive(EVENT) is not None
    conversation.lost(0)
    assert conversation.pause == PAUSES[0]


def test_the_appetite_is_the_readers() -> None:
    """A lane asks for more at once while a large event is on its way."""
    conversation = polling(pipeline=True)
    usual = conversation.appetite
    conversation.receive(EVENT.replace(b"Length: 2", b"Length: 900000")[:-2])
    assert conversation.appetite == 900000 > usual


# A streamed answer


def streaming(*, pipeline: bool, poll: bool = True) -> Conversation:
    """A lane whose answer has begun to stream."""
    conversation, invocation = serving(pipeline=pipeline)
    head = conversation.stream(invocation, Streamed("text/plain", b"", None))
    assert b"/invocation/id-1/response " in head
    assert not owes(conversation)
    conversation.stream_begins(poll=poll)
    assert owes(conversation)
    return conversation


@pytest.mark.parametrize("wire", [ACCEPTED, CLOSING], ids=["kept", "closing"])
def test_after_a_stream_the_poll_takes_another_connection(wire: bytes, *, pipeline: bool) -> None:
    """A stream is the last on its connection: once it is acknowledged, the poll goes out on another."""
    conversation = streaming(pipeline=pipeline)
    assert conversation.expecting
    assert said(conversation) == b""
    assert conversation.receive(wire) is None
    assert spent(conversation)
    assert said(conversation) == POLL


def test_a_stream_that_is_lost_is_not_said_again(*, pipeline: bool) -> None:
    """Nobody remembers the bytes of a stream: a loss is its end, and the poll is said again."""
    conversation = streaming(pipeline=pipeline)
    conversation.lost(0)
    assert not owes(conversation)
    assert said(conversation) == POLL
    assert conversation.refusals == ["the connection was lost before the Runtime API acknowledged it"]


def test_a_stream_may_be_the_last_word(*, pipeline: bool) -> None:
    """A stream without a poll leaves nothing outstanding."""
    conversation = streaming(pipeline=pipeline, poll=False)
    conversation.receive(ACCEPTED)
    assert said(conversation) == b""
    assert conversation.expecting is False


def test_a_poll_can_be_taken_back(*, pipeline: bool) -> None:
    """A poll that has not been written is taken back when something else comes first."""
    conversation = streaming(pipeline=pipeline)
    conversation.receive(ACCEPTED)
    conversation.withhold()
    assert said(conversation) == b""
    assert not conversation.expecting
    conversation.poll()
    assert said(conversation) == POLL
