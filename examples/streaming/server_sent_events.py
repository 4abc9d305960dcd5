"""Server-sent events for a browser's EventSource, kept alive while there is nothing to say."""

import asyncio

import aioric


async def progress(steps):
    for step in range(1, steps + 1):
        await asyncio.sleep(0.1)  # the work
        yield aioric.ServerSentEvent(f"{step} of {steps}", event="progress", id=str(step))
    yield "done"


async def handler(event, context):
    return aioric.ServerSentEvents(progress(3), ping=15)
