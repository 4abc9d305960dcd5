# ruff: noqa: SLF001, S311 - a function as users write them
import asyncio
import os
import random
import tempfile

import snapshot_restore_py

import aioric

random.seed(1)
tempfile.NamedTemporaryFile().close()
NAMES = tempfile._name_sequence
CHOICE = os.environ.get("CHOICE", "")


def say(text):
    print(text, flush=True)


snapshot_restore_py.register_before_snapshot(say, "theirs before 1")
snapshot_restore_py.register_before_snapshot(say, "theirs before 2")
snapshot_restore_py.register_after_restore(say, "theirs after 1")
snapshot_restore_py.register_after_restore(say, "theirs after 2")


@aioric.before_snapshot
def before():
    say("ours before")
    if CHOICE == "before":
        raise KeyError("bfail")


@aioric.after_restore
async def after():
    await asyncio.sleep(0.01)
    say("ours after")
    if CHOICE == "after":
        raise KeyError("afail")


@aioric.lifespan
def resources():
    say("opens")
    yield "open"
    say("closes")


def sync(event, context):
    return {
        "random": random.random(),
        "names": tempfile._name_sequence is NAMES,
        "pid": os.getpid(),
        "state": context.state,
    }


async def asynchronous(event, context):
    begun = asyncio.get_running_loop().time()
    await asyncio.sleep(0.05)
    return {**sync(event, context), "slept": asyncio.get_running_loop().time() - begun}
