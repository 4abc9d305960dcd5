"""An `async def` function: one event loop for the life of the process, so clients may live as long."""

import asyncio
import logging

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)

calls = asyncio.Semaphore(10)  # made once, usable in every invocation: the loop stays the same


async def fetch(city):
    async with calls:
        await asyncio.sleep(0.02)  # an HTTP call, a database query …
        return {"city": city, "degrees": 7 + len(city)}


async def handler(event, context):
    cities = event.get("cities", ["Oslo", "Lima", "Pune"])
    weather = await asyncio.gather(*(fetch(city) for city in cities))
    logger.info("fetched %d cities at once", len(weather))
    return {"weather": weather}
