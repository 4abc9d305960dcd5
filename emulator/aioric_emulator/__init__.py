"""A local Lambda: the platform's side of the Runtime API and of `Invoke`, without Docker.

The names below are the public ones; they are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioric_emulator.emulator import Emulator
    from aioric_emulator.results import InvokeRejectedError, InvokeResult, Report

__all__ = ["Emulator", "InvokeRejectedError", "InvokeResult", "Report"]

_HOMES = {
    "Emulator": "emulator",
    "InvokeRejectedError": "results",
    "InvokeResult": "results",
    "Report": "results",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
