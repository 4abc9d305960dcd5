"""Modules whose code runs when something in them is first asked for: those that a function's list names.

What `import x` binds is a module as ever, in `sys.modules` too, and stays the same object; the first look at
an attribute that it does not have yet, by whatever thread, runs its code. `from x import y` is such a look.
That the list is right is for `aioric optimize --find-lazy` to find out, and for its reader to decide.
"""

from __future__ import annotations

import sys
from _frozen_importlib import (  # type: ignore[attr-defined]  # the import system's own locks, by module
    _DeadlockError,
    _ModuleLockManager,
)
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)

# What the import system has set before the code runs, and asks for with every further `import x`; what walks
# through all modules (`inspect`, `warnings`) asks for no more than that either.
_KNOWN = frozenset(
    ["__class__", "__spec__", "__loader__", "__name__", "__package__", "__file__", "__cached__"]
)
_get = ModuleType.__getattribute__


class LazyModule(ModuleType):
    """A module whose code is still to run; it becomes an ordinary one."""

    def __getattribute__(self, name: str) -> Any:
        """Run the code, then answer."""
        if name not in _KNOWN:
            load(self)
        return _get(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Run the code, which must not undo what is set now."""
        load(self)
        ModuleType.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        """Run the code, then delete."""
        load(self)
        ModuleType.__delattr__(self, name)


class Postponed:
    """For a loader: it has the module's code run later.

    Attributes:
        at_once: Do not; the runtime asks so of what it imports itself.
    """

    name: str
    at_once = False
    _thread: int | None = None  # which runs the code
    _done = False

    def exec_module(self, module: ModuleType) -> None:
        """Make it lazy; at its first loading only, for who reloads a module wants its code to run."""
        if self.at_once or self._done or type(module) is not ModuleType:
            self._done = True
            self.run(module)
        else:
            module.__class__ = LazyModule

    def run(self, module: ModuleType) -> None:
        """Run the module's code, as the loader does that is not lazy."""
        super().exec_module(module)  # type: ignore[misc]  # of the loader that this is mixed into

    def finish(self, module: ModuleType) -> None:
        """Run the module's code unless that has been done; other threads wait meanwhile.

        Raises:
            Exception: What the code raises. The next look at the module runs it again.
        """
        if self._thread == get_ident():  # the code itself looks at its module, or what it imports does
            return
        try:
            lock = _ModuleLockManager(self.name)
            lock.__enter__()
        except _DeadlockError:  # two modules wait for one another: see half of it, as with an import
            return
        try:
            if not self._done:
                self._execute(module)
        finally:
            lock.__exit__(None, None, None)

    def _execute(self, module: ModuleType) -> None:
        spec: Any = module.__spec__
        self._thread, spec._initializing = get_ident(), True  # noqa: SLF001 - `import x` elsewhere waits then
        try:
            self.run(module)
            self._done = True
        except AttributeError as error:  # who asks for an attribute takes this for its not being there
            raise ImportError(f"{self.name} cannot be loaded: {error}", name=self.name) from error
        finally:
            self._thread, spec._initializing = None, False  # noqa: SLF001
        if type(module) is LazyModule:  # a module may give itself a class
            ModuleType.__setattr__(module, "__class__", ModuleType)


def load(module: ModuleType) -> None:
    """Have the module's code run, unless it has been."""
    loader = _get(module, "__loader__")
    if isinstance(loader, Postponed):
        loader.finish(module)
