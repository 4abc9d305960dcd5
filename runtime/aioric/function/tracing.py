"""The X-Ray trace id of the current invocation, where tracing libraries look for it.

They read the environment variable `_X_AMZN_TRACE_ID`, which belongs to the whole process: right
while it serves one invocation at a time. With several, the mapping behind `os.environ` answers for
this one variable with the trace id of whoever asks; all others stay what they are.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
"""

from __future__ import annotations

import os
from _contextvars import ContextVar

from aioric.function.aside import import_stdlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from aioric.identity import Identity
    from aioric.messages import Invocation

VARIABLE = "_X_AMZN_TRACE_ID"
_KEY = VARIABLE.encode()

# What the function itself has made of the variable, and during which invocation.
_changed: ContextVar[tuple[Invocation | None, bytes | None] | None] = ContextVar(
    "aioric_trace_id", default=None
)


class TraceId:
    """Publishes the trace id of each invocation that begins.

    Args:
        identity: Knows the current invocation, and whether there is one at a time.
    """

    __slots__ = ("_alone", "_data")

    def __init__(self, identity: Identity) -> None:
        self._alone = identity.alone
        # What is behind `os.environ`: going through the front takes four times as long, for every event.
        self._data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # noqa: SLF001 - see `share`
        if not self._alone and not isinstance(self._data, ContextualData):
            share(identity)

    def enter(self, trace_id: str | None) -> None:
        """Publish the trace id of the invocation that begins, or take the last one's away."""
        if not self._alone:
            return
        if trace_id is None:
            os.environ.pop(VARIABLE, None)
            return
        value = trace_id.encode("utf-8", "surrogateescape")
        os.putenv(_KEY, value)  # for child processes
        self._data[_KEY] = value


class ContextualData(dict[bytes, bytes]):
    """What `os.environ` and `os.environb` read and write, with one variable that depends on the context.

    Nothing that is looked up and found costs more than before.

    Args:
        data: All variables.
        identity: Knows the current invocation.
    """

    def __init__(self, data: dict[bytes, bytes], identity: Identity) -> None:
        super().__init__(data)
        self._identity = identity

    def current(self) -> bytes | None:
        """The variable's value for whoever asks; `None` if there is none."""
        invocation = self._identity.current()
        changed = _changed.get()
        if changed is not None and changed[0] is invocation:
            return changed[1]
        if invocation is None or invocation.trace_id is None:
            return None
        return invocation.trace_id.encode("utf-8", "surrogateescape")

    def __missing__(self, key: bytes) -> bytes:
        if key == _KEY and (value := self.current()) is not None:
            return value
        raise KeyError(key)

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if key == _KEY:
            os.unsetenv(key)  # where `os.environ` has just put it for the whole process
            _changed.set((self._identity.current(), value))
        else:
            super().__setitem__(key, value)

    def __delitem__(self, key: bytes) -> None:
        if key != _KEY:
            super().__delitem__(key)
        elif self.current() is None:
            raise KeyError(key)
        else:
            _changed.set((self._identity.current(), None))

    def __iter__(self) -> Iterator[bytes]:
        keys = list(self.keys())  # in one go, since other threads may add some
        return iter(keys if self.current() is None else [*keys, _KEY])

    def __len__(self) -> int:
        return super().__len__() + (self.current() is not None)


def share(identity: Identity) -> None:
    """Let `os.environ` answer for each invocation from now on, and hand its answer to child processes.

    The mapping object stays the one that everybody has imported; what is behind it is replaced.
    """
    os.environ.pop(VARIABLE, None)
    data = ContextualData(os.environ._data, identity)  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
    os.environ._data = os.environb._data = data  # type: ignore[attr-defined]  # noqa: SLF001 - likewise
    _tell_children(data)


def children_environment() -> dict[str, str] | None:
    """What a child process is to be given where nothing was said; `None` if it needs nothing special.

    A child inherits what the C library knows, and that cannot depend on who asks.
    """
    return os.environ.copy() if VARIABLE in os.environ else None


def _tell_children(data: ContextualData) -> None:
    popen: Any = import_stdlib("subprocess").Popen
    original = popen.__init__
    environment = original.__code__.co_varnames.index("env")

    def begin(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) < environment and kwargs.get("env") is None and data.current() is not None:
            kwargs["env"] = os.environ.copy()
        original(self, *args, **kwargs)

    begin.__wrapped__ = original  # type: ignore[attr-defined]  # for whoever asks for the signature
    popen.__init__ = begin
