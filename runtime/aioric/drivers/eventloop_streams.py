"""A streamed answer from the event loop: pulled from what a handler returned, or pushed by it."""

from __future__ import annotations

import asyncio

from aioric.drivers.deadlines import cut_short
from aioric.drivers.timed_sinks import TimedSink
from aioric.errors import InvalidStream, PeerGone, StreamCut
from aioric.messages import Failed, Streamed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aioric.drivers.lanes import Lane
    from aioric.messages import Buffered, Invocation

NOTHING = b"null"  # what a handler that returns nothing has returned
WARNING = 30  # as in `logging`, which a function may never import


async def answer(
    lane: Lane, pushed: TimedSink | None, invocation: Invocation, outcome: Buffered | Failed | Streamed
) -> Buffered | Failed | None:
    """Send what is a stream; returns what is to be answered instead, if nothing was streamed.

    Args:
        lane: That serves the invocation.
        pushed: The stream that the handler has written itself, if it has.
        invocation: To be answered.
        outcome: Of the handler.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
    """
    if pushed is not None:
        return await _finish(lane, pushed, invocation, outcome)
    assert isinstance(outcome, Streamed)  # noqa: S101 - or there would be nothing to do here
    sink = TimedSink(lane, invocation, outcome)
    sink.watch_time(outcome.pieces.fail, asyncio.current_task())
    try:
        return await _stream(sink, outcome.pieces)
    finally:
        sink.silence()


async def _stream(sink: TimedSink, pieces: Any) -> Failed | None:
    failure: Failed | None
    try:
        failure = await pieces.pour(sink.begin, sink.write, sink.room)
        if failure is not None and not sink.begun:
            return failure
        await sink.end(failure)
    except (PeerGone, StreamCut) as error:
        await pieces.stop(error)
    except asyncio.CancelledError as error:
        if sink.excuse():
            await pieces.stop(StreamCut(cut_short()))
        else:  # the function's own doing
            failure = pieces.fail(error)
            if not sink.begun:
                return failure
            await sink.end(failure)
    if not sink.begun:
        return sink.late
    await sink.settle()
    return None


async def _finish(
    lane: Lane, sink: TimedSink, invocation: Invocation, outcome: Buffered | Failed | Streamed
) -> Buffered | Failed | None:
    """End a stream that the handler has written, now that the handler has."""
    sink.silence()
    sink.excuse()
    if isinstance(outcome, Streamed):
        second = InvalidStream("The handler has returned a second stream, after it had opened one")
        await outcome.pieces.stop(second)
        outcome = lane.function.fail(invocation, second)
    if not sink.begun:
        return sink.late or outcome
    if isinstance(outcome, Failed):
        lane.function.shorten(outcome)
        await sink.end(outcome)
    elif not sink.ended:
        error = sink.broken or InvalidStream("The handler has returned, and has not closed its stream")
        await sink.end(lane.function.fail_stream(invocation)(error))
    elif outcome.body != NOTHING:
        lane.journal.note(WARNING, "What the handler returned is not sent, since it had opened a stream")
    await sink.settle()
    return None
