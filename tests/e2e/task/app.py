"""One function, written three ways."""

import asyncio
import time


def check(event):
    if "fail" in event:
        raise LookupError(event["fail"])


def answer(event, context):
    print("serving", event.get("name"))
    return {"hello": event.get("name"), "request_id": context.aws_request_id}


def sync(event, context):
    check(event)
    time.sleep(event.get("sleep", 0))
    return answer(event, context)


async def asynchronous(event, context):
    check(event)
    await asyncio.sleep(event.get("sleep", 0))
    return answer(event, context)
