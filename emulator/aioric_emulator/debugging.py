"""`aioric dev --debug-port`: a function's runtime under debugpy, and no deadline that ends it."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from aioric_emulator.commands import find_main

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["DebugError", "under_debugger"]

# Instead of the function's timeout and the init's: a day, in seconds. What the function is told of its
# deadline follows it, so that nothing in it gives up either.
NO_DEADLINE = 86_400.0
HOST = "127.0.0.1"


class DebugError(ValueError):
    """A function that cannot be debugged so; the message says why and what to do."""


def under_debugger(
    functions: Sequence[FunctionConfiguration], port: int, *, has_command: bool
) -> FunctionConfiguration:
    """Give the one function with its runtime under debugpy, listening on a port. Raises `DebugError`."""
    if has_command:
        raise DebugError(
            "--debug-port debugs aioric's own runtime, not a COMMAND: start your debugger in that"
        )
    if len(functions) != 1:
        raise DebugError(
            "--debug-port is for one function: name it, aioric dev app.handler --debug-port 5678"
        )
    (function,) = functions
    if function.concurrency is not None or function.has_snapshot or function.freezes:
        raise DebugError(
            "--debug-port knows no --concurrency, --snapstart or --freeze: one process is debugged"
        )
    if find_spec("debugpy") is None:
        raise DebugError("--debug-port needs debugpy, which is not installed: pip install debugpy")
    listen = ("-P", "-X", "frozen_modules=off", "-m", "debugpy", "--listen", f"{HOST}:{port}")
    return replace(
        function,
        command=(sys.executable, *listen, str(find_main()), function.handler),
        timeout=NO_DEADLINE,
        init_limit=NO_DEADLINE,
        # One process has the port.
        max_environments=1,
    )
