"""Worker processes: one invocation each, for plain `def` handlers on Managed Instances.

The handler is imported once and the workers are forked from there.
"""

from __future__ import annotations

import gc
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def run(count: int, serve: Callable[[], object]) -> int:
    """Fork `count` processes that each call `serve`, and wait until all have ended.

    Returns the exit status for this process: that of the first worker that failed, else 0.
    """
    gc.collect()
    gc.freeze()  # what is frozen is not touched by the collector, and stays shared
    workers = set()
    for _ in range(count):
        worker = os.fork()
        if worker == 0:
            serve()
            os._exit(0)
        workers.add(worker)
    signal.signal(signal.SIGTERM, lambda *_: _forward(workers))
    status = 0
    while workers:
        worker, how = os.wait()
        if worker in workers:
            workers.remove(worker)
            status = status or abs(os.waitstatus_to_exitcode(how))
    return status


def _forward(workers: set[int]) -> None:
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
