"""What a runtime's process carries under the local Lambda with SnapStart, so that it can be copied.

The platform clones a whole virtual machine; here a process can only fork itself. So this folder comes first
on PYTHONPATH, and Python imports this file by its name before anything of the runtime's. It takes itself
away again: neither the path nor the environment shows it. Nothing of it ships in a function.
"""

from __future__ import annotations

import os
import sys

FOLDER = os.path.dirname(__file__)  # noqa: PTH120 - before the function's code, nothing more is imported than must be


def go_on() -> None:
    """Import the `sitecustomize` that would have been found without this one."""
    ours = sys.modules.pop("sitecustomize", None)
    try:
        __import__("sitecustomize")
    except ModuleNotFoundError:
        if ours is not None:
            sys.modules["sitecustomize"] = ours


def restore_path() -> None:
    """Put the function's own PYTHONPATH back."""
    sys.path[:] = [entry for entry in sys.path if entry != FOLDER]
    sys.path_importer_cache.pop(FOLDER, None)
    before = os.environ.pop("_AIORIC_PYTHONPATH", None)
    os.environ.pop("PYTHONPATH", None)
    if before is not None:
        os.environ["PYTHONPATH"] = before


def start() -> None:
    """Be ready to be copied, and get out of the way."""
    descriptor = os.environ.pop("_AIORIC_SNAPSHOT_FD", None)
    if descriptor is not None:
        from aioric_snapshot.copies import carry  # noqa: PLC0415 - found by this folder, which leaves the path

        carry(int(descriptor))
    restore_path()
    go_on()


if __name__ == "sitecustomize":
    start()
