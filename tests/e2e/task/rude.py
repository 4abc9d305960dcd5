"""A function that is careless with its process."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import aioric


@aioric.lifespan
async def resource() -> Any:
    """Tell of it when it is closed too early."""
    yield "open"
    print("closed")


def sync(event: Any, context: Any) -> Any:
    """Do what the event says."""
    return ACTIONS[event](context)


async def asynchronous(event: Any, context: Any) -> Any:
    """Do what the event says, on an event loop."""
    return ACTIONS[event](context)


def close(_context: Any) -> None:
    """Close standard output and error, and fail."""
    os.closerange(1, 3)
    raise ValueError("closed")


def too_large(_context: Any) -> str:
    """Close them, and answer what the platform refuses, of which the runtime would like to tell."""
    os.closerange(1, 3)
    return "x" * (7 << 20)


def fork(_context: Any) -> int:
    """Fork a process that ends at once."""
    child = os.fork()
    if not child:
        sys.exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def come_back(context: Any) -> int:
    """Fork a process that comes back from the handler."""
    return os.fork() and ended(context)


def fail(context: Any) -> int:
    """Fork a process in which the handler fails."""
    if not os.fork():
        raise ValueError("in the child")
    return ended(context)


def return_a_stream(context: Any) -> Any:
    """Fork a process that returns what is to be streamed."""
    return ended(context) if os.fork() else iter(["of the child"])


def stream(context: Any) -> Any:
    """Fork a process while the answer is streamed; both go on with it."""
    yield "["
    child = os.fork()
    yield str(ended(context)) if child else "of the child"
    yield "]"


def stream_later(context: Any) -> Any:
    """Fork a process before the first piece."""
    child = os.fork()
    yield str(ended(context)) if child else "of the child"


def ended(_context: Any) -> int:
    """The exit status of the process that was forked."""
    return os.waitstatus_to_exitcode(os.wait()[1])


def stop(_context: Any) -> str:
    """Stop the loop."""
    asyncio.get_running_loop().stop()
    return "stopped"


def break_tasks(_context: Any) -> str:
    """Have the loop make tasks by something that fails."""
    asyncio.get_running_loop().set_task_factory(no_task)
    return "broken"


def no_task(_loop: Any, _coroutine: Any, **_settings: Any) -> Any:
    """Make none."""
    raise RuntimeError("no tasks today")


def close_and_stream(_context: Any) -> Any:
    """Close standard output, and have the runtime open another connection."""
    os.close(1)
    return iter(["1"])


def write(_context: Any) -> str:
    """Write to standard output."""
    try:
        os.write(1, b"GET / HTTP/1.1\r\n\r\n")
    except OSError as error:
        return os.strerror(error.errno)
    return "written"


def cancel(_context: Any) -> str:
    """Cancel whatever else runs on the loop."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    return "cancelled"


def look(context: Any) -> Any:
    """Tell which process this is, and what it has."""
    return os.getpid(), context.state


ACTIONS = {
    "break tasks": break_tasks,
    "cancel": cancel,
    "close": close,
    "close and stream": close_and_stream,
    "come back": come_back,
    "fail": fail,
    "fork": fork,
    "look": look,
    "return a stream": return_a_stream,
    "stop": stop,
    "stream": stream,
    "stream later": stream_later,
    "too large": too_large,
    "write": write,
}
