# ruff: noqa: LOG015, ASYNC110, ASYNC240 - a function as users write them
import asyncio
import logging
import os
import signal
import sys
import time
from pathlib import Path

import aioric

logging.getLogger().setLevel(logging.INFO)


def say(text):
    print(text, flush=True)


def answer(event, context):
    return {"pid": os.getpid(), "state": context.state}


# One file for many functions: a variable chooses what this one registers.
CHOICE = os.environ.get("CHOICE", "").split()

if "lifespan" in CHOICE:

    @aioric.lifespan
    def database():
        say("database opens")
        yield {"database": "open"}
        say("database closes")


if "async-lifespan" in CHOICE:

    @aioric.lifespan
    async def client():
        say("client opens")
        async with asyncio.timeout(None):  # may only be left in the task that has entered it
            await asyncio.sleep(0)
            yield {"client": "open"}
        await asyncio.sleep(0)
        say("client closes")


if "bad-exit" in CHOICE:

    @aioric.lifespan
    def bad():
        yield {}
        raise ValueError("cannot close")


if "slow-exit" in CHOICE:

    @aioric.lifespan
    def slow():
        yield {}
        time.sleep(30)


if "bad-entry" in CHOICE:

    @aioric.lifespan
    def refused():
        raise ConnectionRefusedError("nobody there")
        yield


if "silent" in CHOICE:

    @aioric.lifespan
    def silent():
        if CHOICE == []:
            yield


if "one-state" in CHOICE:

    @aioric.lifespan
    def one():
        yield "the one"


if "shutdown" in CHOICE:

    @aioric.on_shutdown
    def first():
        say("first hook")

    @aioric.on_shutdown
    async def second():
        await asyncio.sleep(0)
        say("second hook")


if "sigterm" in CHOICE:

    def mine(number, frame):
        say("my own handler")
        if "exit" in CHOICE:
            sys.exit(7)

    signal.signal(signal.SIGTERM, mine)


if "after-response" in CHOICE:

    @aioric.after_response
    def flush():
        say("flushed")

    @aioric.after_response
    async def export():
        await asyncio.sleep(0)
        say("exported")


def block(path):
    """Work until the test lets it end."""
    say("background begins")
    while not Path(path).exists():
        time.sleep(0.005)
    say("background ends")


async def block_async(path):
    logging.info("background begins")
    while not Path(path).exists():
        await asyncio.sleep(0.005)
    logging.info("background ends")


def fail():
    raise LookupError("no such thing")


async def fail_async():
    raise LookupError("no such thing")


def leave_work(event, context):
    for name in event.get("work", ()):
        if name == "block":
            context.background(block, event["path"])
        elif name == "block_async":
            context.background(block_async(event["path"]))
        elif name == "fail":
            context.background(fail)
        elif name == "fail_async":
            context.background(fail_async)
        elif name == "sleep":
            context.background(time.sleep, 30)
        elif name == "sleep_async":
            context.background(asyncio.sleep, 30)
        elif name == "more":
            context.background(leave_work, {"work": event["more"], "path": event.get("path")}, context)


def sync(event, context):
    leave_work(event, context)
    if "wait" in event:
        say("waiting")
        while not Path(event["wait"]).exists():
            time.sleep(0.005)
    if "hang" in event:
        say("hanging")
        try:
            hang(event["hang"])
        finally:
            say("finally")
    if "raise" in event:
        raise RuntimeError("no")
    if "stream" in event:
        return (piece for piece in ["a", "b"])
    return answer(event, context)


def hang(seconds):
    time.sleep(seconds)


async def asynchronous(event, context):
    leave_work(event, context)
    if "wait" in event:
        say("waiting")
        while not Path(event["wait"]).exists():
            await asyncio.sleep(0.005)
    if "hang" in event:
        say("hanging")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(hang_async(event["hang"]), name="helper")
                await asyncio.sleep(event["hang"])
        finally:
            say("finally")
    if "block" in event:
        hang(event["block"])
    if "raise" in event:
        raise RuntimeError("no")
    if "strike" in event:
        sys.setprofile(struck(event["strike"]))
        return "x" * event["size"]
    if "stream" in event:
        return pieces()
    return answer(event, context)


def struck(name):
    """Have SIGTERM arrive when a function of this name is called."""

    def look(frame, event, _):
        if event == "call" and frame.f_code.co_name == name:
            sys.setprofile(None)
            os.kill(os.getpid(), signal.SIGTERM)

    return look


async def hang_async(seconds):
    await asyncio.sleep(seconds)


async def pieces():
    yield "a"
    yield "b"
