"""What a function wants done around its invocations: the decorators, and the registry behind them.

Imported by a function that asks for one of them, and by nobody else: to the runtime a function
without hooks is one that never loaded this module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Any, TypeVar

    Hook = TypeVar("Hook", bound=Callable[[], object])
    Lifespan = TypeVar("Lifespan", bound=Callable[[], Iterator[Any] | AsyncIterator[Any]])

# In `co_flags` of a function's code, as in `inspect`.
GENERATOR = 0x20
ASYNC_GENERATOR = 0x200


class Hooks:
    """Everything that was registered, in that order, and what the lifespans yielded.

    Attributes:
        lifespans: Generator functions; each runs to its `yield` before the first event.
        shutdown: To be called when the environment ends.
        after_response: To be called after each answer.
        before_snapshot: To be called before a snapshot is taken.
        after_restore: To be called when a snapshot was restored.
        state: What the lifespans yielded: see `state`.
    """

    __slots__ = ("after_response", "after_restore", "before_snapshot", "lifespans", "shutdown", "state")

    def __init__(self) -> None:
        self.lifespans: list[Callable[[], Any]] = []
        self.shutdown: list[Callable[[], object]] = []
        self.after_response: list[Callable[[], object]] = []
        self.before_snapshot: list[Callable[[], object]] = []
        self.after_restore: list[Callable[[], object]] = []
        self.state: Any = None


# Module state, since a decorator has nowhere else to write: a function is loaded once per process.
registered = Hooks()


def lifespan(function: Lifespan) -> Lifespan:
    """Decorate a generator function, `def` or `async def`, that holds resources for all invocations.

    It runs to its `yield` after the handler was imported and before the first event arrives, and the
    rest runs when the environment ends, latest first. What it yields is `context.state` and
    `aioric.state()`; several lifespans each yield a dict (or nothing), and the state is all of them in one.

    Source of the phases: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html

    Raises:
        TypeError: It is not a generator function.
    """
    code = getattr(function, "__code__", None)
    if code is None or not code.co_flags & (GENERATOR | ASYNC_GENERATOR):
        raise TypeError(
            f"@aioric.lifespan needs a function with a yield in it, and {name_of(function)} has none"
        )
    registered.lifespans.append(function)
    return function


def on_shutdown(hook: Hook) -> Hook:
    """Decorate a function without arguments, `def` or `async def`, to be called when the environment ends.

    The latest comes first, and all of them before what follows the `yield` of a lifespan. There is
    little time: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
    """
    registered.shutdown.append(hook)
    return hook


def after_response(hook: Hook) -> Hook:
    """Decorate a function without arguments, `def` or `async def`, to be called after each answer.

    The caller has the answer by then. The time is billed, and the next event waits for it.
    """
    registered.after_response.append(hook)
    return hook


def before_snapshot(hook: Hook) -> Hook:
    """Decorate a function without arguments to be called before SnapStart takes its snapshot; latest first.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
    """
    registered.before_snapshot.append(hook)
    return hook


def after_restore(hook: Hook) -> Hook:
    """Decorate a function without arguments to be called in each environment that a snapshot becomes.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-python.html
    """
    registered.after_restore.append(hook)
    return hook


def state() -> Any:
    """What the lifespan yielded, `None` before it did or without one; of several, a dict of all."""
    return registered.state


def name_of(function: object) -> str:
    """A function's module and name, for messages."""
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", None) or type(function).__name__
    return f"{module}.{name}" if module else str(name)
