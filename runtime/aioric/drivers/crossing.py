"""Whether an imported function can be forked; and if it cannot, a new start in which nobody tries."""

from __future__ import annotations

import gc
import os
import sys

from aioric.drivers.forking import leave
from aioric.drivers.leftovers import found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.config import Config
    from aioric.logs.setup import Journal

WARNING = 30  # as in `logging`, which a function may never import


def prepare(config: Config, journal: Journal) -> None:
    """Get the process ready to be forked: call the function's hooks, then look at what is left.

    Where something must not cross a fork, this process begins anew with `AIORIC_PRELOAD=0`, in
    which each worker imports the function for itself, as under awslambdaric. `AIORIC_PRELOAD=1`
    forks all the same.
    """
    leave()
    left = found()
    if left:
        gc.collect()  # what is only waiting to be closed harms nobody
        left = found()
    if not left:
        return
    what = "The import of the function has left what worker processes cannot share: " + "; ".join(left)
    advice = "See aioric.before_fork and aioric.after_fork"
    if config.preload == "1":
        journal.note(WARNING, f"{what}. AIORIC_PRELOAD=1 forks all the same. {advice}")
        return
    journal.note(
        WARNING, f"{what}. Each worker imports for itself; AIORIC_PRELOAD=0 saves this attempt. {advice}"
    )
    start_over(config)


def start_over(config: Config) -> None:
    """Replace this process by one that does not import before it forks; does not return."""
    # Not `os.environ`: the import, and we ourselves, may have changed it since the process began.
    with open("/proc/self/environ", "rb") as file:  # noqa: PTH123 - pathlib costs an import
        environ = dict(entry.split(b"=", 1) for entry in file.read().split(b"\0") if b"=" in entry)
    environ[b"AIORIC_PRELOAD"] = b"0"
    if config.log_fd is not None:
        os.set_inheritable(config.log_fd, True)
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environ)  # noqa: S606 - ourselves
