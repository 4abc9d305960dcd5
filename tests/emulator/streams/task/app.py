"""Functions that stream, as users write them."""

import asyncio
import json
import time

import aioric


async def pieces(event, context):
    for number in range(event.get("count", 3)):
        yield f"piece {number} "
        await asyncio.sleep(event.get("pause", 0))
    if "fail" in event:
        raise ValueError(event["fail"])


def whole(event, context):
    return {"hello": event.get("name")}


def large(event, context):
    for _ in range(event["mib"]):
        yield b"x" * 1024 * 1024


def web(event, context):
    headers = {"x-path": event["rawPath"]}
    return aioric.StreamingResponse([json.dumps(event)], 201, headers, ["a=1", "b=2"], "application/json")


def pieces_url(event, context):
    yield "raw "
    yield event["body"]


async def failing(event, context):
    if event["rawPath"] == "/":
        raise ValueError("early")
    if event["rawPath"] == "/prelude":
        async with aioric.open_stream("application/vnd.awslambda.http-integration-response") as out:
            await out.write(b"no JSON" + b"\0" * 8)
        return
    async with aioric.open_stream("text/plain", status_code=200) as out:
        await out.write("so far")
        raise ValueError("late")


def slow_url(event, context):
    for _ in range(3):
        yield "tick\n"
        time.sleep(0.2)
