"""The same pieces, made by every contestant; the first one says when it was yielded."""

import time


def pieces(event):
    """Give `count` pieces of `size` bytes."""
    size, count = event["size"], event["count"]
    piece = b"x" * size
    yield str(time.monotonic_ns()).encode().ljust(size, b" ")
    for _ in range(count - 1):
        yield piece


def generator(event, context):
    """A plain generator."""
    yield from pieces(event)


async def asynchronous(event, context):
    """An asynchronous generator."""
    for piece in pieces(event):
        yield piece


async def served(size, count):
    """What FastAPI streams, without a name of Lambda's."""
    for piece in pieces({"size": size, "count": count}):
        yield piece
