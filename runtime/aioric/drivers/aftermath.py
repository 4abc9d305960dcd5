"""A lane of the event loop between an answer and the next poll, when something is to be done there."""

from __future__ import annotations

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.drivers.lanes import Lane
    from aioric.messages import Invocation


async def finish(lane: Lane, invocation: Invocation) -> None:
    """Send the answer, do what is to be done once the caller has it, and only then poll.

    Raises:
        PlatformRefused: The platform will send no more.
        ConnectionLost: The Runtime API cannot be reached any more.
    """
    if not lane.conversation.owing:  # it was streamed
        lane.conversation.withhold()
    await lane.exchange()
    lane.task = asyncio.get_running_loop().create_task(_do(lane, invocation))
    await asyncio.wait([lane.task])  # cancelled or not
    if not lane.leaving:
        lane.conversation.poll()


async def _do(lane: Lane, invocation: Invocation) -> None:
    lane.function.enter(invocation)
    assert lane.function.around is not None  # noqa: S101 - it said that something is due
    await lane.function.around.after_async(invocation)
