"""`fn.stream`: pieces while they are made, what comes besides, errors in the middle, slow readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aioric_emulator import Emulator, InvokeRejectedError, SyncEmulator

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = """
import os, time
import aioric

def pieces(event, context):
    print("streaming", flush=True)
    yield "a"
    while "gate" in event and not os.path.exists(event["gate"]):
        time.sleep(0.005)
    yield "b"
    if event.get("fails"):
        raise ValueError("late")
    yield "c"

def web(event, context):
    return aioric.StreamingResponse(iter(["x", "y"]), status_code=201, headers={"a": "b"})

def whole(event, context):
    return {"all": 1}

def large(event, context):
    for _ in range(64):
        yield b"x" * 65536
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Give the folder of functions that stream."""
    (tmp_path / "app.py").write_text(STREAMS)
    return tmp_path


async def test_pieces_come_while_they_are_made(task: Path) -> None:
    """The first is there before the second is let out; the result has all, with logs and figures."""
    gate = task / "gate"
    async with Emulator("app.pieces", task_root=task, timeout=20) as fn:
        stream = fn.stream({"gate": str(gate)})
        assert await anext(stream) == b"a"
        gate.touch()
        assert b"".join([piece async for piece in stream]) == b"bc"
        result = await stream.result()
    assert result.raw == b"abc"
    with pytest.raises(ValueError, match=r"octet-stream\) is no JSON, so take its bytes, `raw`: b'abc'"):
        assert result.payload
    assert result.logs == ["streaming"]
    assert result.report.duration_ms >= stream.times_ms[-1] - stream.times_ms[0]
    assert result.report.init_ms is not None
    assert result.function_error is None
    assert stream.content_type == "application/octet-stream"


async def test_an_error_in_the_middle_ends_the_pieces(task: Path) -> None:
    """What came before stays; the result is the error."""
    async with Emulator("app.pieces", task_root=task) as fn:
        stream = fn.stream({"fails": True})
        result = await stream.result()
    assert b"".join(stream.pieces) == b"ab"
    assert result.function_error == "Unhandled"
    assert result.payload["errorMessage"] == "late"


async def test_status_and_headers_are_taken_apart(task: Path) -> None:
    """The metadata of an HTTP answer, and the body behind it."""
    async with Emulator("app.web", task_root=task) as fn:
        stream = fn.stream({})
        await stream.result()
    assert stream.metadata["statusCode"] == 201
    assert stream.metadata["headers"]["a"] == "b"
    assert stream.body == b"xy"


async def test_what_does_not_stream_is_one_piece(task: Path) -> None:
    """As `InvokeWithResponseStream` gives it; it has no metadata."""
    async with Emulator("app.whole", task_root=task) as fn:
        stream = fn.stream({})
        assert [piece async for piece in stream] == [b'{"all": 1}']
    assert (stream.metadata, stream.body) == ({}, b'{"all": 1}')


async def test_a_slow_reader_holds_the_function_up(task: Path) -> None:
    """Nothing is lost: more than the room there is arrives, as it is read."""
    async with Emulator("app.large", task_root=task, timeout=20) as fn:
        result = await fn.stream({}).result()
    assert len(result.raw) == 64 * 65536


async def test_refusals_are_raised(task: Path) -> None:
    """What is no event at once, and what no environment takes with the first piece."""
    async with Emulator("app.pieces", task_root=task, max_environments=1, timeout=20) as fn:
        with pytest.raises(InvokeRejectedError, match="InvalidRequestContent"):
            fn.stream(b"{")
        gate = task / "gate"
        first = fn.stream({"gate": str(gate)})
        await anext(first)
        with pytest.raises(InvokeRejectedError, match="TooManyRequests"):
            await anext(fn.stream({}))
        gate.touch()
        await first.result()


def test_without_an_event_loop(task: Path) -> None:
    """The same by a plain `for`."""
    with SyncEmulator("app.pieces", task_root=task) as fn:
        stream = fn.stream({})
        assert b"".join(stream) == b"abc"
        assert stream.result().function_error is None
        assert (b"".join(stream.pieces), stream.body, stream.metadata) == (b"abc", b"abc", {})
        assert len(stream.times_ms) == len(stream.pieces)
        assert stream.content_type == "application/octet-stream"
