"""The events of a stream, cut at every place, and what is none."""

from __future__ import annotations

import pytest

from aioric_emulator.event_stream import invoke_complete, payload_chunks
from aioric_emulator.event_stream_reader import EventStreamError, EventStreamReader, read_headers

STREAM = payload_chunks(b"one") + payload_chunks(b"two" * 1000) + invoke_complete("E", "details")


@pytest.mark.parametrize("size", [1, 2, 15, 1000, len(STREAM)])
def test_events_are_read_whole(size: int) -> None:
    """However the bytes arrive; the writer is judged by botocore's own reader in test_streaming.py."""
    reader = EventStreamReader()
    parts = (STREAM[at : at + size] for at in range(0, len(STREAM), size))
    events = [event for part in parts for event in reader.feed(part)]
    assert events == [
        ("PayloadChunk", b"one"),
        ("PayloadChunk", b"two" * 1000),
        ("InvokeComplete", b'{"ErrorCode": "E", "ErrorDetails": "details"}'),
    ]


@pytest.mark.parametrize("at", range(0, 60, 3))
def test_a_changed_byte_is_noticed(at: int) -> None:
    """By the checksum of the lengths, or of the whole."""
    stream = bytearray(payload_chunks(b"one"))
    stream[at % len(stream)] ^= 1
    with pytest.raises(EventStreamError):
        EventStreamReader().feed(bytes(stream))


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (b"\x05:even", "The headers of an event are broken"),
        (b"\x01a", "The headers of an event are broken"),
        (b"\x01\xff\x07\x00\x01b", "The headers of an event are broken"),
        (b"\x01a\x07\x00\x01\xff", "The headers of an event are broken"),
        (b"\x01a\x06\x00\x01b", "The header a of an event is no text"),
    ],
)
def test_headers_that_are_none_are_named(headers: bytes, message: str) -> None:
    """Cut short, no UTF-8, or of a type that Lambda's have not."""
    with pytest.raises(EventStreamError, match=message):
        read_headers(headers)
