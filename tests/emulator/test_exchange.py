"""An answer's bytes."""

from __future__ import annotations

from aioric_emulator.exchange import render
from aioric_emulator.messages import Answer


def test_an_answer_holds_no_line_break_in_a_header() -> None:
    """Nor anything else that would end it early."""
    rendered = render(Answer(299, (("A", "b\r\nC: d"),), b"x"), keep_alive=False)
    assert rendered == b"HTTP/1.1 299 \r\nA: b  C: d\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
