"""`aioric dev --debug-port`: a function's runtime under debugpy, whose deadlines stand still meanwhile."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from aioric_emulator.commands import find_main
from aioric_emulator.debug_relay import HOST, DebuggedEvents, DebugRelay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["DebugError", "under_debugger"]

# Instead of the init's limit, in seconds: debugpy itself starts in it, and nobody can attach before that.
INIT_LIMIT = 86_400.0


class DebugError(ValueError):
    """A function that cannot be debugged so; the message says why and what to do."""


def under_debugger(
    functions: Sequence[FunctionConfiguration], port: int, *, has_command: bool
) -> FunctionConfiguration:
    """Give the one function with its runtime under debugpy, and with what listens for editors on a port.

    Raises `DebugError`.
    """
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
    relay = DebugRelay(port)
    listen = ("-P", "-X", "frozen_modules=off", "-m", "debugpy", "--listen", f"{HOST}:{relay.inner}")
    return replace(
        function,
        command=(sys.executable, *listen, str(find_main()), function.handler),
        init_limit=INIT_LIMIT,
        debugger=relay,
        disruptions=DebuggedEvents(relay),
        # One process has the port.
        max_environments=1,
    )
