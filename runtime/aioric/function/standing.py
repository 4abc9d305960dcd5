"""Where an invocation stands: the calls of its thread, or of its tasks with what they await.

Read from another thread or from the loop itself, without `traceback` or `inspect`, while it runs.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from aioric.function.stack import Frame, Sources, format_frames, is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Task
    from collections.abc import Iterable
    from contextvars import Context
    from types import FrameType
    from typing import Any

    from aioric.messages import Invocation

# The coroutines that are an invocation's task: its handler's, and that of what follows the answer.
_SERVING = ("_handle", "_do")


def of_thread(invocation: Invocation, otherwise: int) -> list[str]:
    """The calls of the thread that serves the invocation, outermost first; if none does, of that one."""
    threads = sys._current_frames()  # noqa: SLF001 - as `faulthandler` does it
    del threads[get_ident()]
    for innermost in threads.values():
        calls = []
        frame: FrameType | None = innermost
        while frame is not None and not _serves(frame, invocation):
            calls.append(frame)
            frame = frame.f_back
        if frame is not None:
            return _entries(reversed(calls))
    calls = []
    frame = threads.get(otherwise)
    while frame is not None:
        calls.append(frame)
        frame = frame.f_back
    return _entries(reversed(calls))


def of_tasks(tasks: Iterable[Task[Any]]) -> list[str]:
    """The awaits of each task, outermost first, under a line with its name."""
    entries = []
    for task in tasks:
        entries.append(f"Task {task.get_name()}:\n")
        entries += _entries(_awaits(task.get_coro()))
    return entries


def serving_task(tasks: Iterable[Task[Any]], invocation: Invocation) -> Task[Any] | None:
    """The task that the runtime has made for the invocation, if it is among them."""
    for task in tasks:
        frame = getattr(task.get_coro(), "cr_frame", None)
        if frame is not None and frame.f_code.co_name in _SERVING and _serves(frame, invocation):
            return task
    return None


def is_ours_task(task: Task[Any]) -> bool:
    """Whether the runtime made the task for itself, or for an invocation."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and is_ours(code.co_filename)


def context_of(task: Task[Any]) -> Context | None:
    """Where the task's variables are; `None` if it does not wait for anything, before Python 3.12.

    What a task waits for knows in which context to wake it: its own.
    """
    if hasattr(task, "get_context"):
        context: Context = task.get_context()
        return context
    awaited = getattr(task, "_fut_waiter", None)
    for wake, context in getattr(awaited, "_callbacks", None) or ():
        if getattr(wake, "__self__", None) is task:
            return context
    return None


def _serves(frame: FrameType, invocation: Invocation) -> bool:
    return is_ours(frame.f_code.co_filename) and frame.f_locals.get("invocation") is invocation


def _awaits(awaitable: Any) -> list[FrameType]:
    """The frames of a coroutine, and of what it awaits, and so on."""
    frames = []
    while awaitable is not None:
        for prefix, await_name in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
            frame = getattr(awaitable, f"{prefix}_frame", None)
            if frame is not None:
                frames.append(frame)
                awaitable = getattr(awaitable, await_name)
                break
        else:
            return frames
    return frames


def _entries(frames: Iterable[FrameType]) -> list[str]:
    sources = Sources()
    ended = [
        Frame(
            frame.f_code.co_filename,
            frame.f_lineno,
            frame.f_code.co_name,
            sources.line(frame, frame.f_lineno),
        )
        for frame in frames
        if not is_ours(frame.f_code.co_filename)
    ]
    return format_frames(ended)
