"""One handler for callers that take a stream and for those that need the whole.

Deploy it twice: as `both_callers.handler` where streams are wanted, and as `both_callers.whole` behind a
load balancer or a buffered Function URL.
"""

import aioric


async def greeting(name):
    yield "Hello, "
    yield name


async def handler(event, context):
    name = (event.get("queryStringParameters") or {}).get("name", "world")
    return aioric.StreamingResponse(greeting(name), media_type="text/plain")


whole = aioric.stream_to_buffer(handler)
