"""SnapStart: what is done before the snapshot and after each restore, the function's hooks and our own part.

The registry of the package `snapshot_restore_py` is the interface that AWS documents. A function that
has used it has imported it, so we need not.
Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from aioric.function.hooks import Hooks
    from aioric.function.lifespans import Complete

    # A function with its arguments, as the package keeps it.
    Registered = tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]


def before(hooks: Hooks | None, complete: Complete) -> None:
    """Call the hooks for the time before the snapshot: latest first, the package's and then ours."""
    theirs = _registry("get_before_snapshot")
    while theirs:
        # Taken out of the registry one by one, as by the official client.
        _call(theirs.pop(), complete)
    for hook in reversed(hooks.before_snapshot if hooks is not None else []):
        _call((hook, (), {}), complete)


def after(hooks: Hooks | None, complete: Complete) -> None:
    """Renew what must not be the same in every copy, then call the hooks in the order of registration."""
    renew()
    for hook in hooks.after_restore if hooks is not None else []:
        _call((hook, (), {}), complete)
    for entry in _registry("get_after_restore"):
        _call(entry, complete)


def renew() -> None:
    """Seed the random numbers anew, and the names of temporary files, which are made of them.

    `secrets`, `uuid` and `os.urandom` ask the kernel each time, which knows of its restore.
    """
    modules: dict[str, Any] = dict(sys.modules)
    if "random" in modules and hasattr(modules["random"], "seed"):
        modules["random"].seed()
    if "tempfile" in modules and hasattr(modules["tempfile"], "_name_sequence"):
        modules["tempfile"]._name_sequence = None  # noqa: SLF001 - made again when it is needed


def _registry(getter: str) -> list[Registered]:
    package: Any = sys.modules.get("snapshot_restore_py")
    registered: list[Registered] = getattr(package, getter)() if package is not None else []
    return registered


def _call(registered: Registered, complete: Complete) -> None:
    function, arguments, keywords = registered
    result = function(*arguments, **keywords)
    if hasattr(result, "__await__"):
        complete(_whole(result))


async def _whole(awaitable: Any) -> None:
    await awaitable
