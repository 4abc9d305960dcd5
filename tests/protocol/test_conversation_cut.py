"""A lane against a platform in memory, over a wire that is cut at random."""

from __future__ import annotations

import re
from collections import Counter

import httptools
from hypothesis import given
from hypothesis import strategies as st

from aioric.errors import ConnectionLost
from aioric.messages import Buffered, Invocation
from aioric.protocol.conversation import PAUSES, Conversation
from aioric.protocol.runtime_api import RuntimeApi

API = RuntimeApi("127.0.0.1:9001", "test")
POLL = API.next_invocation


class Platform:
    """Hands out each event once, and counts the answers."""

    def __init__(self) -> None:
        self.events = 0
        self.answers: Counter[str] = Counter()
        self.connect()

    def connect(self) -> None:
        """The lane opens a connection; what was said on the last one is void."""
        self._parser = httptools.HttpRequestParser(self)
        self._reply = b""

    def hear(self, data: bytes) -> bytes:
        """Take what arrived, and return what is said to it."""
        self._reply = b""
        if data:
            self._parser.feed_data(data)
        return self._reply

    def on_url(self, url: bytes) -> None:
        self._url = url.decode()

    def on_message_complete(self) -> None:
        answer = re.search(r"/(id-\d+)/response", self._url)
        if answer:
            self.answers[answer[1]] += 1
            self._reply += b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nOK"
        else:
            self.events += 1
            self._reply += b"HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-%d\r\n" % self.events
            self._reply += b"Content-Length: 2\r\n\r\n{}"


class Lane:
    """A driver without sockets, over a wire that the test cuts."""

    def __init__(self, *, pipeline: bool) -> None:
        self.platform = Platform()
        self.conversation = Conversation(API, pipeline=pipeline)
        self.conversation.poll()
        self.sent = 0
        self.left_whole: Counter[str] = Counter()  # answers whose last byte left
        self.served: list[str] = []

    def step(self, leaves: float, arrives: float, returns: float) -> None:
        """Write, hear and serve once. Less than 1: that share gets through before the cable breaks."""
        if self.conversation.reopen:
            self.platform.connect()
            self.conversation.reopened()
        parts = b"".join(self.conversation.take())
        if parts:
            self.sent = int(len(parts) * leaves)
            self._note_answer(parts[: self.sent])
        reply = self.platform.hear(parts[: int(self.sent * arrives)] if parts else b"")
        invocation = self._hear(reply[: int(len(reply) * returns)])
        if invocation is not None:
            self.served.append(invocation.request_id)
            self.conversation.answer(invocation, Buffered(b"answer", "text/plain"))
            self.conversation.reopen |= min(leaves, arrives, returns) < 1
        elif min(leaves, arrives, returns) < 1:
            self.conversation.lost(self.sent)

    def _note_answer(self, left: bytes) -> None:
        for request_id in re.findall(rb"/(id-\d+)/response .*?\r\n\r\nanswer", left, re.DOTALL):
            self.left_whole[request_id.decode()] += 1

    def _hear(self, data: bytes) -> Invocation | None:
        invocation = None
        for at in range(0, len(data), 7):
            assert invocation is None
            invocation = self.conversation.receive(data[at : at + 7])
        return invocation


SHARES = st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99]) | st.floats(0, 1)
CUTS = st.tuples(SHARES, st.just(1.0), st.just(1.0))
CUTS |= st.tuples(st.just(1.0), SHARES, st.just(1.0))
CUTS |= st.tuples(st.just(1.0), st.just(1.0), SHARES)
WHOLE = (1.0, 1.0, 1.0)


@given(st.lists(CUTS | st.just(WHOLE), max_size=60), st.booleans())
def test_no_answer_leaves_twice_and_no_poll_is_forgotten(
    steps: list[tuple[float, float, float]],
    pipeline: bool,  # noqa: FBT001 - drawn
) -> None:
    """Wherever the wire is cut, each answer leaves whole exactly once, and the lane goes on serving."""
    lane = Lane(pipeline=pipeline)
    losses = 0
    for step in steps:
        lane.step(*step)
        losses = losses + 1 if min(step) < 1 else 0
        if losses == len(PAUSES):
            lane.step(*WHOLE)
            losses = 0
    before = len(lane.served)
    for _ in range(6):
        lane.step(*WHOLE)
    assert len(lane.served) >= before + 2
    answered = lane.served if lane.conversation.outgoing == [POLL] else lane.served[:-1]
    assert lane.left_whole == Counter(answered)
    assert set(lane.left_whole.values()) == {1}
    assert lane.platform.answers <= lane.left_whole


def test_a_wire_that_is_always_cut_is_given_up() -> None:
    """A lane that never hears anything ends, rather than trying for ever."""
    lane = Lane(pipeline=True)
    tries = 0
    try:
        while True:
            tries += 1
            lane.step(0.5, 1.0, 1.0)
    except ConnectionLost:
        assert tries == len(PAUSES) + 1
