"""The end of a process that a handler has forked: by returning from it, or by what it raises.

It has left the connections to its parent when it began (`disown` in the drivers). To raise does not always
end it. In a thread nobody waits for what is raised. An event loop takes it for a callback's fault: since
Python 3.14 a forked child is not known to run its parent's loop, and goes on with it. The child shares what
that loop listens to, so it must take nothing from there, and close nothing.
"""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from aioric.logs.setup import Journal

WARNING = 30  # as in `logging`, which a function may never import


def leave(journal: Journal) -> NoReturn:
    """End this process, in which a handler has returned: its parent is asked, and its parent answers.

    Raises:
        SystemExit: Always.
    """
    journal.note(
        WARNING,
        "A process that the handler has forked came back from the handler. It ends: only the process that "
        "was invoked answers. To end it where its work is done, call os._exit there",
    )
    raise SystemExit


def end(error: BaseException) -> NoReturn:
    """End this process as the interpreter would, had `error` left its main module.

    Nothing may stand in the way, such as a closed log or a hook that raises: it would go on with its parent's
    work.
    """
    status = 1
    try:
        if isinstance(error, SystemExit):
            status = _status(error.code)
        else:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        try:
            atexit._run_exitfuncs()  # noqa: SLF001 - what multiprocessing calls in its children too
        finally:
            _leave(status)  # pragma: no cover - as `_leave`


def _leave(status: int) -> NoReturn:  # pragma: no cover - coverage has ended by then; held by test_forked.py
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # it may be anything, closed for one, and this is the end
            stream.flush()
    os._exit(status)


def _status(code: object) -> int:
    """Tell the exit status that a `SystemExit` stands for: https://docs.python.org/3/library/sys.html#sys.exit."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
    return 1
