"""The framing of streams, by itself."""

from __future__ import annotations

import base64

import pytest

from aioric.messages import MAX_BRIEF, Failed
from aioric.protocol.chunks import JOIN_UP_TO, LAST, ChunkedAnswer, chunk, trailers


def test_an_answer_begins_with_its_head_and_prelude() -> None:
    """Head, prelude and the first piece are one part, and the pieces after it are chunks."""
    answer = ChunkedAnswer(b"HEAD\r\n\r\n", b"pre")

    assert (answer.begun, answer.piece(b"one"), answer.begun) == (
        False,
        [b"HEAD\r\n\r\n6\r\npreone\r\n"],
        True,
    )
    assert answer.piece(b"two") == [b"3\r\ntwo\r\n"]
    assert answer.end() == [LAST]
    assert answer.ended


def test_a_large_piece_is_not_copied() -> None:
    """It travels beside its framing, also as the first one."""
    large = b"x" * (JOIN_UP_TO + 1)

    assert ChunkedAnswer(b"HEAD", b"pre").piece(large) == [b"HEAD4004\r\npre", large, b"\r\n"]
    assert chunk(large)[1] is large


def test_no_bytes_are_no_chunk() -> None:
    """An empty chunk would be the end."""
    assert chunk(b"") == []
    assert ChunkedAnswer(b"HEAD", b"").piece(b"") == [b"HEAD"]
    assert b"".join(ChunkedAnswer(b"HEAD", b"").end()) == b"HEAD" + LAST


@pytest.mark.parametrize(
    ("error_type", "expected"),
    [
        ("ValueError", b"ValueError"),
        ("Über\r\nError", b"?ber??Error"),
        (" ", b"Runtime.Unknown"),
        ("x" * 999, b"x" * 256),
    ],
)
def test_a_failure_is_told_in_trailers(error_type: str, expected: bytes) -> None:
    """A type that no trailer can carry is made into one: an empty type would mean success."""
    body = b'{"errorMessage": "?>\xc3\xbc"}'

    assert trailers(Failed(body, error_type)) == (
        b"0\r\nLambda-Runtime-Function-Error-Type: %b\r\nLambda-Runtime-Function-Error-Body: %b\r\n\r\n"
        % (expected, base64.b64encode(body))
    )


def test_the_longest_trailers_fit_a_servers_buffer() -> None:
    """The longest details and the longest type together stay below what Go reads."""
    assert len(trailers(Failed(b"x" * MAX_BRIEF, "x" * 999))) <= 4096
