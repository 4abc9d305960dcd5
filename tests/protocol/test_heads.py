"""Heads, read alone: what the headers say, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioric.errors import LimitExceeded, MalformedResponse
from aioric.protocol.heads import MAX_HEADERS, parse_head

NAMES = st.sampled_from(["Content-Type", "Date", "Lambda-Runtime-Trace-Id", "X-Other", "x-OTHER-too"])
VALUES = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)


def test_a_head_can_be_read_alone() -> None:
    """A head without the empty line that ends it yields status and headers, and no body."""
    response = parse_head(b"HTTP/1.1 418 I'm a teapot\r\nA: b")
    assert (response.status, response.headers, response.body) == (418, {"a": "b"}, b"")


@given(st.lists(st.tuples(NAMES, VALUES), unique_by=lambda line: line[0], max_size=5))
def test_every_value_is_there_by_its_name_in_lower_case(lines: list[tuple[str, str]]) -> None:
    """Whatever a value is, it is read without the white space around it."""
    head = "\r\n".join(["HTTP/1.1 200 OK", *[f"{name}: {value}" for name, value in lines]])
    assert parse_head(head.encode()).headers == {name.lower(): value.strip(" \t") for name, value in lines}


@pytest.mark.parametrize("line", [b"A: a\nb", b"A: a\rb", b"A: a\0b", b"A b", b" A: b", b": b"])
def test_a_doubtful_line_is_refused(line: bytes) -> None:
    """Neither a bare line end nor a folded line is taken for part of a value."""
    with pytest.raises(MalformedResponse):
        parse_head(b"HTTP/1.1 200 OK\r\n" + line)


def test_headers_are_limited() -> None:
    """One header more than the limit is an error that names the limit."""
    lines = [b"HTTP/1.1 200 OK", *[b"A-%d: b" % number for number in range(MAX_HEADERS)]]
    assert len(parse_head(b"\r\n".join(lines)).headers) == MAX_HEADERS
    with pytest.raises(LimitExceeded, match=str(MAX_HEADERS)):
        parse_head(b"\r\n".join([*lines, b"Z: b"]))
