"""Heads one after the other: what the reader remembers of one must not show in the next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioric.errors import MalformedResponse
from aioric.protocol.heads import MAX_LAYOUTS, HeadReader, parse_head

EVENT = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: one\r\n"
    b"Lambda-Runtime-Deadline-Ms: 1\r\nContent-Length: 2"
)

LINES = st.sampled_from(
    [
        b"Content-Length: 1",
        b"Content-Length: 2",
        b"content-length: 2",
        b"Content-Type: a",
        b"Content-Type:  b ",
        b"Connection: close",
        b"Connection: keep-alive",
        b"Date: Mon",
        b"Date: Tue",
        b"Date: a\tb",
        b"Date: a\nb",
        b"Date:  z ",
        b"Date: \xff\xfe\xfd",
        b"date: Wed",
        b"Lambda-Runtime-Trace-Id: ",
        b"Lambda-Runtime-Trace-Id: x: y",
        b"Transfer-Encoding: chunked",
        b"X-Other: 1",
    ]
)
STATUS = st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.1 202 Accepted", b"HTTP/1.0 200 OK"])
HEADS = st.builds(lambda status, lines: b"\r\n".join([status, *lines]), STATUS, st.lists(LINES, max_size=2))


@given(st.lists(HEADS, max_size=12))
def test_a_head_means_the_same_after_any_other(heads: list[bytes]) -> None:
    """A reader that has read other heads gives what one that has read none gives, or refuses alike."""
    reader = HeadReader()
    for head in heads:
        try:
            alone = parse_head(head)
        except MalformedResponse:
            with pytest.raises(MalformedResponse):
                reader.read(head)
            continue

        after = reader.read(head)

        assert (after.status, after.headers, after.keep_alive) == (
            alone.status,
            alone.headers,
            alone.keep_alive,
        )


def test_the_headers_of_one_event_stay_as_they_were() -> None:
    """Reading the next event's head changes nothing in the one before."""
    reader = HeadReader()
    first = reader.read(EVENT)
    second = reader.read(EVENT.replace(b"one", b"two"))

    assert first.headers["lambda-runtime-aws-request-id"] == "one"
    assert second.headers["lambda-runtime-aws-request-id"] == "two"
    assert second.headers.keys() == first.headers.keys()


def test_every_event_of_a_function_is_read_by_what_differs() -> None:
    """Ids, deadlines and dates that change together are read like the first, and what else changes too."""
    reader = HeadReader()
    for number in range(10, 40):
        event = EVENT.replace(b"one", b"n%d" % number).replace(b"Ms: 1", b"Ms: %d" % (number % 10))
        headers = reader.read(event).headers
        assert headers["lambda-runtime-aws-request-id"] == f"n{number}"
        assert headers["lambda-runtime-deadline-ms"] == str(number % 10)
        assert reader.read(event.replace(b"json", b"text")).headers["content-type"] == "application/text"


def test_heads_of_every_length_are_read() -> None:
    """A reader that has seen more lengths than it remembers reads them all the same."""
    reader = HeadReader()
    for length in [*range(2 * MAX_LAYOUTS), *range(2 * MAX_LAYOUTS)]:
        event = EVENT.replace(b"one", b"x" * length)
        assert reader.read(event).headers["lambda-runtime-aws-request-id"] == "x" * length


def test_a_value_that_may_end_a_line_is_looked_at_closely() -> None:
    """A tab in a value that changes is kept, and a bare line feed refused, as in a first head."""
    reader = HeadReader()
    for value in (b"one", b"two", b"six"):
        reader.read(EVENT.replace(b"one", value))

    assert reader.read(EVENT.replace(b"one", b"a\tb")).headers["lambda-runtime-aws-request-id"] == "a\tb"
    with pytest.raises(MalformedResponse):
        reader.read(EVENT.replace(b"one", b"a\nb"))
