"""Events one after the other: what is remembered of one must not show in the next."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aioric.errors import ConnectionLost, MalformedResponse, PlatformRefused
from aioric.messages import Buffered, Invocation
from aioric.protocol.conversation import Conversation
from aioric.protocol.heads import parse_head
from aioric.protocol.runtime_api import MAX_LAYOUTS, FamiliarEvents, RuntimeApi, read_invocation

API = RuntimeApi("127.0.0.1:9001", "test")
ANSWER = Buffered(b"done", "application/json")

STATUS = [b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 403 No", b"HTTP/1.1 500 Oh"]
LINES = [
    b"Lambda-Runtime-Deadline-Ms: 1700000000000",
    b"Lambda-Runtime-Deadline-Ms: 1700000000001",
    b"Lambda-Runtime-Deadline-Ms: +700000000001",
    b"Lambda-Runtime-Deadline-Ms: 17000000000017000000000",
    b"Lambda-Runtime-Trace-Id: Root=1-a;Sampled=0",
    b"Lambda-Runtime-Trace-Id: Root=1-b;Sampled=0",
    b"Lambda-Runtime-Trace-Id: x: y",
    b"Lambda-Runtime-Trace-Id: ",
    b"Lambda-Runtime-Invocation-Id: 1",
    b"Lambda-Runtime-Invocation-Id: \t",
    b"lambda-runtime-invocation-id: 2",
    b"Lambda-Runtime-Invoked-Function-Arn: a",
    b"Lambda-Runtime-Invoked-Function-Arn: b",
    b"Lambda-Runtime-Client-Context: {}",
    b"Content-Type: application/json",
    b"Content-Type: application/text",
    b"Content-Length: 2",
    b"Content-Length:  2",
    b"Content-Length: 02",
    b"Content-Length: 3",
    b"Connection: close",
    b"Connection: Close",
    b"Date: Mon",
    b"Date: Tue",
    b"Date: T\te",
    b"Date: T\ne",
    b"Date:  ue",
    b"Date: \xff\xfee",
    b"date: Wed",
    b"Transfer-Encoding: chunked",
]
IDS = st.sampled_from([b"id-1", b"id-2", b" id3", b"i d4", b"id5\t", b"id\n6", b"\xc3\xa47", b""])
BODIES = st.sampled_from([b"{}", b"[]", b"{", b"[1]", b"\r\n\r\n", b""])


def wire(status: bytes, request_id: bytes, lines: list[bytes], body: bytes) -> bytes:
    """An event, or what is meant to be one."""
    name = b"Lambda-Runtime-Aws-Request-Id: " + request_id
    return b"\r\n".join([status, name, *lines, b"", body])


def usual(request_id: str, deadline_ms: int = 1_700_000_000_000, body: bytes = b"{}") -> bytes:
    """An event as the platform sends it."""
    lines = [
        b"Content-Type: application/json",
        b"Lambda-Runtime-Deadline-Ms: %d" % deadline_ms,
        b"Lambda-Runtime-Trace-Id: Root=1-%b;Sampled=0" % request_id.encode(),
        b"Lambda-Runtime-Invoked-Function-Arn: arn",
        b"Date: Mon, 01 Jun 2026 12:00:%02d GMT" % (deadline_ms % 60),
        b"Content-Length: %d" % len(body),
    ]
    return wire(b"HTTP/1.1 200 OK", request_id.encode(), lines, body)


# Lines near to one another, so that heads often are of one length and differ by a value.
EVENTS = st.one_of(
    st.builds(
        wire,
        st.sampled_from(STATUS),
        IDS,
        st.lists(st.sampled_from(LINES), max_size=4, unique_by=lambda line: line[:16].lower()),
        BODIES,
    ),
    st.builds(
        usual,
        st.sampled_from(["id-1", "id-2", "id 3", "id-40", ""]),
        st.sampled_from([1_700_000_000_000, 1_700_000_000_001, 0]),
        st.sampled_from([b"{}", b"[]", b"[1]", b"x" * 12]),
    ),
)
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nDate: Mon\r\nContent-Length: 2\r\n\r\nOK"
ACCEPTANCES = st.sampled_from(
    [
        ACCEPTED,
        ACCEPTED.replace(b"Mon", b"Tue"),
        ACCEPTED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
        ACCEPTED.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked").replace(b"OK", b"0\r\n\r\n"),
        b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno",
    ]
)


def facts(invocation: Invocation | None) -> list[object] | None:
    """All that an invocation says."""
    return None if invocation is None else [getattr(invocation, name) for name in Invocation.__slots__]


def waiting() -> Conversation:
    """A lane that has answered an event, and remembers nothing of it: it came byte by byte."""
    conversation = Conversation(API, pipeline=True)
    conversation.poll()
    conversation.take()
    answer_next(conversation, usual("first"))
    return conversation


def answer_next(conversation: Conversation, event: bytes) -> None:
    """Have an event arrive, and answer it."""
    invocation = None
    for at in range(len(event)):
        invocation = conversation.receive(event[at : at + 1])
    assert invocation is not None
    conversation.answer(invocation, ANSWER)
    conversation.take()


def told(conversation: Conversation, pieces: list[bytes]) -> list[object]:
    """What a lane makes of what arrives, and how it stands afterwards."""
    invocation, error = None, ""
    try:
        for piece in pieces:
            if piece and not conversation.outgoing:  # on this connection nothing more is expected
                invocation = conversation.receive(piece) or invocation
    except (ConnectionLost, MalformedResponse, PlatformRefused) as refused:
        error = repr(refused)
    return [
        facts(invocation),
        error,
        b"".join(conversation.take()),
        conversation.reopen,
        conversation.owing,
        conversation.expecting,
        conversation.appetite,
        conversation.refusals,
    ]


@given(st.lists(st.tuples(ACCEPTANCES, EVENTS, st.integers(0, 400)), min_size=1, max_size=8))
@example([(ACCEPTED, usual("id-1"), 0), (ACCEPTED, usual("id-2"), 0), (ACCEPTED, usual("id-3")[:-2], 0)])
@example([(ACCEPTED, usual("id-1"), 0), (ACCEPTED, usual("id-2") + b"more", 0)])
def test_what_arrives_means_the_same_after_anything_else(turns: list[tuple[bytes, bytes, int]]) -> None:
    """A lane that has seen other answers and events does what one does that has seen none."""
    experienced = waiting()
    for acceptance, event, cut in turns:
        whole = acceptance + event
        pieces = [whole[:cut], whole[cut:]]
        assert told(experienced, pieces) == told(waiting(), pieces)
        experienced = resumed(experienced)


def resumed(conversation: Conversation) -> Conversation:
    """The same lane on another connection, waiting again, with all that it remembers."""
    if conversation.owing:
        conversation.lost(1_000_000)
    conversation.take()
    conversation.refusals.clear()
    conversation.reopened()
    if not conversation.expecting:
        conversation.poll()
        conversation.take()
    answer_next(conversation, usual("first"))
    return conversation


@given(st.lists(EVENTS, max_size=12))
def test_an_event_is_the_same_after_any_other(events: list[bytes]) -> None:
    """What is told by what differs is what is read in full."""
    familiar = FamiliarEvents()
    for event in events:
        head, _, body = event.partition(b"\r\n\r\n")
        recognised = familiar.read(event)
        try:
            response = parse_head(head)
            response.body = body
            response.head = head
            invocation = read_invocation(response)
        except (MalformedResponse, PlatformRefused):
            assert recognised is None
            continue
        if recognised is not None:
            assert facts(recognised) == facts(invocation)
            assert response.headers["content-length"] == str(len(body))
            assert response.keep_alive
            assert "transfer-encoding" not in response.headers
        if "content-length" in response.headers and "transfer-encoding" not in response.headers:
            familiar.learn(response, invocation)


def learnt(*events: bytes) -> FamiliarEvents:
    """What remembers these events."""
    familiar = FamiliarEvents()
    for event in events:
        head, _, body = event.partition(b"\r\n\r\n")
        response = parse_head(head)
        response.body, response.head = body, head
        familiar.learn(response, read_invocation(response))
    return familiar


def test_the_usual_event_is_recognised() -> None:
    """Ids, deadlines, dates and payloads may differ, and lengths as soon as one of that length was seen."""
    familiar = learnt(usual("id-1"), usual("id-1", body=b"x" * 10))
    for event, body in (
        (usual("id-2", 1_700_000_000_059), b"{}"),
        (usual("id-3", body=b"y" * 9), b"y" * 9),
        (usual("id-4", body=b"z" * 99), b"z" * 99),
    ):
        invocation = familiar.read(event)
        assert invocation is not None
        assert (invocation.payload, invocation.function_arn, invocation.content_type) == (
            body,
            "arn",
            "application/json",
        )


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(usual("id-2")[:-1], id="a part of it"),
        pytest.param(usual("id-2").partition(b"\r\n\r\n")[0], id="a head without an end"),
        pytest.param(usual("id-2") + b"x", id="more than it"),
        pytest.param(usual("id-2").replace(b"200", b"202"), id="another status"),
        pytest.param(usual("id-2").replace(b"arn", b"ARN"), id="another function"),
        pytest.param(usual("id\n2"), id="a line end in a value"),
        pytest.param(usual("id\t2"), id="a tab in a value"),
        pytest.param(usual(" id2"), id="a space in a value"),
        pytest.param(usual("id\x002"), id="a NUL in a value"),
        pytest.param(usual("iä2"), id="more than ASCII in a value"),
        pytest.param(usual("id-2").replace(b"Mon,", b"Mo\n,"), id="a line end in a date"),
    ],
)
def test_what_is_not_usual_is_not_recognised(event: bytes) -> None:
    """What has to be looked at closely is left to who does."""
    assert learnt(usual("id-1")).read(event) is None


def test_the_memory_is_limited() -> None:
    """Of a function whose events never look like those before no more than so many are remembered."""
    familiar = learnt(*[usual("x" * length) for length in range(1, MAX_LAYOUTS + 1)])
    assert familiar.read(usual("y" * MAX_LAYOUTS)) is not None
    more = usual("x" * (MAX_LAYOUTS + 1))
    head, _, body = more.partition(b"\r\n\r\n")
    response = parse_head(head)
    response.body, response.head = body, head
    familiar.learn(response, read_invocation(response))
    assert familiar.read(more) is None
