"""The command that starts a function's runtime, when the user names none: aioric's own."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["default_command"]


def default_command(handler: str) -> tuple[str, ...]:
    """Give the command line of aioric's runtime, run by this very interpreter.

    In a source checkout that is its `bootstrap`. Raises `FileNotFoundError` where there is no runtime.
    """
    bootstrap = Path(__file__).resolve().parents[2] / "bootstrap"
    if os.access(bootstrap, os.X_OK):
        return (str(bootstrap), handler)
    if find_spec("aioric") is None:
        raise FileNotFoundError("the package aioric is not installed, and no command is given")
    return (sys.executable, "-P", "-m", "aioric", handler)
