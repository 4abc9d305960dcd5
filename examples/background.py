"""Work after the answer: the caller does not wait for it, and no freeze comes before its end."""

import asyncio

import aioric


async def index(order):
    await asyncio.sleep(0.1)  # a slow search service
    print(f"indexed {order}")


@aioric.after_response
def flush():
    print("metrics flushed")


async def handler(event, context):
    order = event.get("order", 1)
    context.background(index, order)
    return {"accepted": order}
