"""An asynchronous generator, as a model's tokens would come."""

import asyncio


async def tokens(prompt):
    for word in f"You said: {prompt}".split():
        await asyncio.sleep(0.05)  # a model at work
        yield word + " "


async def handler(event, context):
    async for token in tokens(event.get("prompt", "hello")):
        yield token
