"""An async, high-throughput Python runtime for AWS Lambda.

The names below are all that a function may use. Each is imported when it is first asked for, so that
`import aioric` costs nothing at a cold start.
"""

from __future__ import annotations

from aioric.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aioric.drivers.forking import after_fork, before_fork  # noqa: F401 - what type checkers see

# Public name -> the module that defines it.
_HOMES: dict[str, str] = {
    "after_fork": "aioric.drivers.forking",
    "before_fork": "aioric.drivers.forking",
}

__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'aioric' has no attribute {name!r}")
    module = __import__(_HOMES[name], fromlist=[name])
    return getattr(module, name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
