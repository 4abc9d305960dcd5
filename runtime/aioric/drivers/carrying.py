"""What an event loop starts outside of its own thread learns for which invocation: threads, processes.

`asyncio.to_thread` copies the context of its caller and `loop.run_in_executor` does not; a child
process inherits the environment that the C library knows, which cannot depend on the invocation.
"""

from __future__ import annotations

from _contextvars import copy_context

from aioric.function.tracing import children_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def carry_context(loop: Any) -> None:
    """Let the loop's default executor and its child processes know the current invocation.

    On the loop rather than by an executor of ours, so that no thread pool is imported before one is
    used, and a function may still set its own.

    Args:
        loop: An asyncio event loop of any make.
    """
    run, start, start_shell = loop.run_in_executor, loop.subprocess_exec, loop.subprocess_shell

    def run_in_executor(executor: Any, function: Callable[..., Any], *args: Any) -> Any:
        if executor is None:
            return run(None, copy_context().run, function, *args)
        return run(executor, function, *args)

    # uvloop starts processes by itself; asyncio's loop does it by `subprocess`.
    async def subprocess_exec(*args: Any, **kwargs: Any) -> Any:
        return await start(*args, **_with_environment(kwargs))

    async def subprocess_shell(*args: Any, **kwargs: Any) -> Any:
        return await start_shell(*args, **_with_environment(kwargs))

    loop.run_in_executor = run_in_executor
    loop.subprocess_exec = subprocess_exec
    loop.subprocess_shell = subprocess_shell


def _with_environment(kwargs: dict[str, Any]) -> dict[str, Any]:
    if kwargs.get("env") is None:
        return {**kwargs, "env": children_environment()}
    return kwargs
