"""Every module that a start loads, pinned: what a function does not need must not come back unnoticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aioric.ahead import OWN

if TYPE_CHECKING:
    from aioric_emulator import Emulator

BOOTSTRAP = Path(__file__).parents[1] / "bootstrap"

# Ours, for a plain `def`. Together some 5 ms of a slow machine, none of them more than 0.4.
OURS = """
    aioric aioric.ahead aioric.bytecode aioric.config aioric.errors aioric.heap aioric.identity
    aioric.messages aioric.modules aioric.startup
    aioric.version aioric.drivers aioric.drivers.around aioric.drivers.blocking aioric.drivers.loops
    aioric.drivers.sockets aioric.drivers.streams aioric.drivers.watch aioric.function aioric.function.aside
    aioric.function.context aioric.function.faults aioric.function.loader aioric.function.malformed
    aioric.function.native aioric.function.own_json aioric.function.packages aioric.function.payload
    aioric.function.preloaded aioric.function.results aioric.function.stack aioric.function.steps
    aioric.function.substitutes aioric.function.tracing aioric.logs aioric.logs.journal aioric.logs.setup
    aioric.logs.sinks aioric.protocol aioric.protocol.conversation aioric.protocol.heads
    aioric.protocol.http11 aioric.protocol.runtime_api
"""
OURS_ASYNC = "aioric.drivers.eventloop aioric.drivers.lanes aioric.drivers.lines aioric.logs.records"

# The standard library's, beyond a bare interpreter. Each in C or next to empty: under a millisecond.
STDLIB = {
    "__future__": "annotations are not evaluated",
    "_contextvars": "who is being served, where several are",
    "_json": "the decoder and encoder under `json`, without `re`",
    "_operator": "takes out of an event's head what differs from one before",
    "_socket": "the socket under `socket`, without `enum` and `selectors`",
    "gc": "rests during the start",
    "select": "tells whether the peer has hung up",
}

# What costs more than a millisecond in an `async def` function's start, and who brings it: always asyncio.
DEAR = {
    "asyncio": "serves an `async def`: a coroutine that may suspend needs a loop to be handed to",
    "concurrent.futures": "asyncio.base_events, for run_in_executor",
    "enum": "asyncio.constants, ssl, re",
    "inspect": "asyncio.coroutines, to mark them",
    "logging": "asyncio.log; the platform's handler is attached as it arrives",
    "re": "logging, inspect, textwrap",
    "selectors": "asyncio's loop",
    "socket": "asyncio's loop",
    "ssl": "asyncio.sslproto; a stand-in would save 11 % and be fragile",
    "subprocess": "asyncio.base_subprocess",
    "threading": "asyncio.events",
    "traceback": "asyncio.format_helpers",
    "typing": "ssl, asyncio.staggered",
}

BODY = "import sys\n\n{define} handler(event, context):\n    {give}\n"
RETURN = "return ' '.join(sys.modules)"
YIELD = "yield '\"' + ' '.join(sys.modules) + '\"'"
KINDS = {
    "def": ("def", RETURN),
    "async def": ("async def", RETURN),
    "generator": ("def", YIELD),
    "async generator": ("async def", YIELD),
}


def bare(statement: str) -> set[str]:
    """What an interpreter has loaded that does nothing but this."""
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-P", "-c", program], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


async def loaded(function: type[Emulator], folder: Path, kind: str) -> list[set[str]]:
    """What is loaded during the first, the second and the third invocation."""
    define, give = KINDS[kind]
    (folder / "app.py").write_text(BODY.format(define=define, give=give))
    env = {"AIORIC_PYTHON": sys.executable}
    async with function("app.handler", task_root=folder, command=[str(BOOTSTRAP)], env=env) as fn:
        answers = [(await fn.invoke({})).payload for _ in range(3)]
    return [set(each.split()) for each in answers]


async def test_a_def_function(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """A plain `def` loads our modules and a few in C: none that costs more than a millisecond."""
    (first, *_) = await loaded(aioric_function, tmp_path, "def")
    beyond = first - bare("pass") - {"app", "pwd"}  # `pwd`: the shell's login name, on some systems

    assert {name for name in beyond if name.startswith("aioric")} == set(OURS.split())
    assert {name for name in beyond if not name.startswith("aioric")} <= set(STDLIB)


async def test_what_is_announced(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """On slow storage our own modules are announced to the kernel: all that follow the one that does it."""
    (first, *_) = await loaded(aioric_function, tmp_path, "def")
    announced = {f"aioric/{name}".removesuffix("/__init__").replace("/", ".") for name in OWN}

    assert len(announced) == len(OWN)
    assert announced == {name for name in first if name.startswith("aioric.")} - {"aioric.ahead"}


async def test_an_async_function(aioric_function: type[Emulator], tmp_path: Path) -> None:
    """An `async def` loads asyncio and what that loads, a few more modules of ours, and nothing else."""
    (first, *_) = await loaded(aioric_function, tmp_path, "async def")
    beyond = first - bare("import asyncio") - {"app", "pwd"}

    assert {name for name in beyond if name.startswith("aioric")} == set((OURS + OURS_ASYNC).split())
    assert {name for name in beyond if not name.startswith("aioric")} <= set(STDLIB)
    assert "asyncio" in first & set(DEAR)
    # From 3.14 on asyncio loads `dataclasses` itself, by way of `traceback` and `_colorize`.
    assert not {"uvloop", "orjson", "dataclasses", "http.client"} & beyond


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_imported_after_the_first(
    kind: str, aioric_function: type[Emulator], tmp_path: Path
) -> None:
    """Whatever a kind of function needs is there before it is ready: later invocations import nothing."""
    first, second, third = await loaded(aioric_function, tmp_path, kind)

    assert first == second == third
    assert ("asyncio" in first) == kind.startswith("async")
