"""A function that is asked who it is, many times at once, and looks in every place that could know."""

import asyncio
import contextvars
import logging
import os
import subprocess
import sys
import threading
import time
import warnings

import aioric

log = logging.getLogger("crowd")
log.setLevel("INFO")
mine = contextvars.ContextVar("mine")
hooks = []
VARIABLE = "_X_AMZN_TRACE_ID"
SHOW = [sys.executable, "-S", "-c", f"import os; print(os.environ.get('{VARIABLE}'))"]

if "FAIL" in os.environ:
    print("importing in vain")
    raise ImportError("no such thing")
if "LEAVE_THREAD" in os.environ:
    threading.Thread(target=time.sleep, args=(60,), name="metrics", daemon=True).start()


@aioric.before_fork
def leave():
    hooks.append("before")


@aioric.after_fork
def arrive():
    hooks.append("after")


def look():
    return os.environ.get(VARIABLE)


def everywhere():
    return {
        "get": look(),
        "item": os.environ[VARIABLE],
        "getenv": os.getenv(VARIABLE),
        "bytes": os.environb[VARIABLE.encode()].decode(),
        "copy": os.environ.copy()[VARIABLE],
        "in": os.environ[VARIABLE] if VARIABLE in os.environ else None,  # noqa: SIM401 - `in` is the test
        "iteration": os.environ[next(name for name in os.environ if name == VARIABLE)],
        "child": subprocess.run(SHOW, capture_output=True, text=True, check=True).stdout.strip(),
        "told child": subprocess.run(
            SHOW, capture_output=True, text=True, check=True, env=dict(os.environ)
        ).stdout.strip(),
    }


def talk(number):
    print("printed", number)
    print("in", end="")
    print(" parts")
    sys.stdout.write(f"two\nlines of {number}\n")
    warnings.warn(f"careful, {number}", stacklevel=1)
    log.info("logged %s", number)
    print('{"own": "record"}')
    print("no end", end="")


def facts(context):
    return {
        "id": context.aws_request_id,
        "tenant": context.tenant_id,
        "process": os.getpid(),
        "hooks": hooks,
    }


async def asynchronous(event, context):
    mine.set(context.aws_request_id)
    await asyncio.sleep(event.get("sleep", 0))
    loop = asyncio.get_running_loop()
    traces = {}
    if event.get("look"):
        traces = everywhere()
        traces["to_thread"] = await asyncio.to_thread(look)
        traces["executor"] = await loop.run_in_executor(None, look)
        process = await asyncio.create_subprocess_exec(*SHOW, stdout=subprocess.PIPE)
        traces["loop's child"] = (await process.communicate())[0].decode().strip()
        process = await asyncio.create_subprocess_shell(f"echo ${VARIABLE}", stdout=subprocess.PIPE)
        traces["loop's shell"] = (await process.communicate())[0].decode().strip()
        talk(event["number"])
        await asyncio.to_thread(log.info, "threaded %s", event["number"])
    return {**facts(context), "traces": traces, "mine": mine.get()}


def sync(event, context):
    assert mine.get(None) is None or os.environ.get("AIORIC_SYNC") != "threads"
    mine.set(context.aws_request_id)
    time.sleep(event.get("sleep", 0))
    traces = {}
    if event.get("look"):
        traces = everywhere()
        talk(event["number"])
    return {**facts(context), "traces": traces, "mine": mine.get()}


async def owner(event, _context):
    """The function changes the variable for itself, and for nobody else."""
    before = os.environ.get(VARIABLE)
    if event["number"] % 2:
        os.environ[VARIABLE] = f"own {event['number']}"
    else:
        os.environ.pop(VARIABLE)
    await asyncio.sleep(0.2)
    missing = None
    try:
        del os.environ[VARIABLE]
    except KeyError:
        missing = True
    else:
        os.environ[VARIABLE] = f"own {event['number']}"
    return {"before": before, "after": os.environ.get(VARIABLE), "missing": missing, "size": len(os.environ)}


async def blocks(event, _context):
    time.sleep(event["seconds"])  # noqa: ASYNC251 - the mistake that is to be noticed


async def ends(event, _context):
    if "status" in event:
        os._exit(event["status"])
    if "exit" in event:
        sys.exit(event["exit"])
    await asyncio.sleep(event.get("sleep", 0))
    return os.getpid()
