"""Which event loop to use, imported when a function turns out to need one.

asyncio costs more to import than the rest of the runtime together, so a plain `def` function never
pays for it.
"""

from __future__ import annotations

import sys

from aioric.errors import InvalidConfiguration
from aioric.function.aside import import_stdlib
from aioric.function.packages import import_package

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine
    from types import ModuleType
    from typing import Any

    from aioric.config import Config
    from aioric.logs.setup import Journal

WARNING = 30  # as in `logging`, which a function may never import


def loop_opener(config: Config, journal: Journal) -> Callable[[], asyncio.AbstractEventLoop]:
    """Load what makes event loops: uvloop where it is installed and pays, unless told otherwise.

    With one invocation at a time it saves microseconds of each and costs milliseconds of the start: asyncio
    serves then, unless the function has imported uvloop itself.

    Two steps, since what is loaded may be shared with forked processes, and a loop may not.

    Raises:
        InvalidConfiguration: `AIORIC_LOOP` asks for a loop that is not installed.
    """
    # First asyncio, with the function's folders set aside, so that uvloop finds it loaded.
    loops = module = import_stdlib("asyncio")
    pays = (config.max_concurrency or 1) > 1 or "uvloop" in sys.modules
    if config.loop == "uvloop" or (pays and not config.loop):
        loops = _uvloop(config, journal) or module

    def open_loop() -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = loops.new_event_loop()
        module.set_event_loop(loop)
        return loop

    return open_loop


def open_loop(config: Config, journal: Journal) -> asyncio.AbstractEventLoop:
    """Load what makes event loops and make the one of this thread; raises what `loop_opener` does."""
    return loop_opener(config, journal)()


def _uvloop(config: Config, journal: Journal) -> ModuleType | None:
    reason = "it is not installed"
    try:
        uvloop = import_package("uvloop")
    except Exception as error:  # noqa: BLE001 - a broken installation may fail in any way
        uvloop = None
        reason = f"it cannot be imported ({type(error).__name__}: {error})"
        if not config.loop:
            journal.note(WARNING, f"uvloop is not used, since {reason}")
    if uvloop is None and config.loop == "uvloop":
        raise InvalidConfiguration(f"AIORIC_LOOP asks for uvloop, and {reason}")
    return uvloop


def completer(config: Config, journal: Journal) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """A function that runs coroutines to their end, one by one, on one loop made for the first."""
    loop: asyncio.AbstractEventLoop | None = None

    def complete(coroutine: Coroutine[Any, Any, Any]) -> Any:
        nonlocal loop
        if loop is None:
            loop = open_loop(config, journal)
        return loop.run_until_complete(coroutine)

    return complete
