"""Status, headers and cookies first: for a Function URL. Try `aioric dev web_page.handler --url 8081`."""

import asyncio

import aioric


async def rows():
    yield "<!doctype html><table>"
    for number in range(1, 6):
        await asyncio.sleep(0.2)  # a database at work
        yield f"<tr><td>{number}</td><td>{number**2}</td></tr>"
    yield "</table>"


async def handler(event, context):
    return aioric.StreamingResponse(
        rows(),
        status_code=200,
        headers={"cache-control": "no-store"},
        cookies=["seen=1"],
        media_type="text/html",
    )
