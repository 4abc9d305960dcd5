"""A budget for cold starts: how long an init may take, and what it must not import."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aioric_emulator.configuration import FunctionConfiguration

__all__ = ["Budget", "imported_modules", "read_budget"]

# Prints what is in memory after the handler's module was imported as a runtime does it, and nothing else
# that the module itself may print.
SCRIPT = """
import os, sys
out = os.dup(1)
os.dup2(2, 1)
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
__import__(sys.argv[2])
os.write(out, "\\n".join(sorted(set(sys.modules) - before)).encode())
"""
# An import that takes longer than this is a failure of its own.
TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Budget:
    """`max_ms` bounds every init, in milliseconds; `forbid` are names of modules, with all below them."""

    max_ms: float | None = None
    forbid: tuple[str, ...] = ()

    def exceeded(self, configuration: FunctionConfiguration, init_durations: Sequence[float]) -> list[str]:
        """Give what is wrong with a function's cold starts, in words."""
        wrong = []
        if self.max_ms is not None:
            if not init_durations:
                wrong.append("there was no cold start to measure")
            wrong += [
                f"an init took {duration:.0f} ms, and may take {self.max_ms:g} ms"
                for duration in init_durations
                if duration > self.max_ms
            ]
        if self.forbid:
            imported = imported_modules(configuration)
            wrong += [
                f"the function imports {name}, which is forbidden"
                for name in self.forbid
                if any(module == name or module.startswith(f"{name}.") for module in imported)
            ]
        return wrong


def read_budget(max_ms: float | None = None, forbid: Sequence[str] = ()) -> Budget:
    """Give what a mark says. Raises `TypeError` for what says nothing, or something else."""
    if isinstance(forbid, str):
        raise TypeError(f'forbid is a list of modules: forbid=["{forbid}"]')
    if max_ms is None and not forbid:
        raise TypeError("say max_ms, or forbid, or both")
    return Budget(max_ms, tuple(forbid))


def imported_modules(configuration: FunctionConfiguration) -> set[str]:
    """Give the modules that importing a function brings into memory, in a process of its own.

    Raises `RuntimeError` with what Python said, where it cannot be imported.
    """
    module = configuration.handler.replace("/", ".").partition(":")[0]
    if ":" not in configuration.handler:
        module = module.rpartition(".")[0]
    command = [sys.executable, "-c", SCRIPT, str(configuration.task_root), module]
    done = subprocess.run(  # noqa: S603 - our own script, with this very interpreter
        command,
        env={**os.environ, **configuration.variables},
        cwd=configuration.task_root,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} cannot be imported: {done.stderr.decode(errors='replace')}")
    return set(done.stdout.decode().split())
