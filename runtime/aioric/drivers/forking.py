"""What a function wants done around the fork of the worker processes: `before_fork`, `after_fork`.

A connection that was opened while the function was imported must not be used by several processes.
Close it in a hook of the first kind, open it in one of the second. Neither runs where nothing is
forked: outside of Managed Instances, and in a single process.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Hook = Callable[[], object]

# Module state, since a decorator has nowhere else to write: a function is loaded once per process.
_before: list[Hook] = []
_after: list[Hook] = []


def before_fork(hook: Hook) -> Hook:
    """Decorate a function without arguments that is to be called once, before any worker is forked.

    An exception in it is a failed init. Source of the idea of init and invoke phases:
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-python-runtime.html
    """
    _before.append(hook)
    return hook


def after_fork(hook: Hook) -> Hook:
    """Decorate a function without arguments that each worker process is to call before it serves."""
    _after.append(hook)
    return hook


def leave() -> None:
    """Call the hooks for the process that is about to be forked: the latest first, like `os` does it."""
    for hook in reversed(_before):
        hook()


def arrive() -> None:
    """Call the hooks for a process that was just forked, in the order of their registration."""
    for hook in _after:
        hook()
