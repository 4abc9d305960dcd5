"""Lines and frames, whole and in pieces."""

from __future__ import annotations

import struct

import pytest

from aioric_emulator.log_lines import MAX_LINE, FrameReader, LineReader


def frame(text: str) -> bytes:
    """Give a framed message."""
    return struct.pack(">IIQ", 0xA55A0017, len(text.encode()), 1) + text.encode()


@pytest.mark.parametrize("step", [1, 2, 1000], ids=["bytes", "pairs", "whole"])
@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", []),
        (b"a\nb\n", ["a", "b"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\rb\n", ["a\rb"]),
        ("é\n".encode(), ["é"]),
        (b"\xff\n", ["\ufffd"]),
    ],
)
def test_lines_end_at_newlines(data: bytes, lines: list[str], step: int) -> None:
    """However the stream is cut; the last one needs no newline."""
    reader = LineReader()
    found = [line for at in range(0, len(data), step) for line in reader.feed(data[at : at + step])]
    assert found + reader.finish() == lines


def test_an_endless_line_is_broken() -> None:
    """Memory has an end."""
    reader = LineReader()
    assert [len(line) for line in reader.feed(b"x" * MAX_LINE)] == [MAX_LINE]
    assert reader.finish() == []


@pytest.mark.parametrize("step", [1, 7, 1000], ids=["bytes", "sevens", "whole"])
@pytest.mark.parametrize(
    ("data", "messages"),
    [
        (frame("a\nb") + frame("é\n") + frame(""), ["a\nb", "é", ""]),
        (frame("a") + frame("broken off")[:-3], ["a", "broken "]),
        (frame("a")[:10], []),
        (frame("a") + b"no frame at all\nbut lines\nand", ["a", "no frame at all", "but lines", "and"]),
    ],
    ids=["whole", "half a message", "half a head", "not a frame"],
)
def test_frames_are_messages(data: bytes, messages: list[str], step: int) -> None:
    """Each is one, whatever it holds; what is no frame is not lost."""
    reader = FrameReader()
    found = [each for at in range(0, len(data), step) for each in reader.feed(data[at : at + step])]
    assert found + reader.finish() == messages


def test_the_frame_of_the_protocols_own_example() -> None:
    """The bytes as documented."""
    data = bytes.fromhex("a55a0003 00000002 00060a24181e4000 6869")
    assert FrameReader().feed(data) == ["hi"]
