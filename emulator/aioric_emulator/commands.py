"""The command that starts a function's runtime, when the user names none: aioric's own."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["default_command", "find_main", "is_own"]


def default_command(handler: str) -> tuple[str, ...]:
    """Give the command line of aioric's runtime, run by this very interpreter.

    In a source checkout that is its `bootstrap`. Raises `FileNotFoundError` where there is no runtime.
    """
    bootstrap = find_bootstrap()
    if os.access(bootstrap, os.X_OK):
        return (str(bootstrap), handler)
    return (sys.executable, "-P", str(find_main()), handler)


def is_own(command: Sequence[str]) -> bool:
    """Whether a command starts aioric's runtime by its path, a debugger or not."""
    return str(find_bootstrap()) in command or (
        find_spec("aioric") is not None and str(find_main()) in command
    )


def find_bootstrap() -> Path:
    """Give where a source checkout has its `bootstrap`."""
    return Path(__file__).resolve().parents[2] / "bootstrap"


def find_main() -> Path:
    """Give the runtime's main file, to be run by its path: then it looks for the function in its folder.

    Raises `FileNotFoundError` where there is no runtime.
    """
    runtime = find_spec("aioric")
    if runtime is None or runtime.origin is None:
        raise FileNotFoundError("the package aioric is not installed, and no command is given")
    return Path(runtime.origin).with_name("__main__.py")
