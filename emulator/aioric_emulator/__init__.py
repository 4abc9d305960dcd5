"""A local Lambda: the platform's side of the Runtime API and of `Invoke`, without Docker.

The names below are the public ones; they are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aioric_emulator.asynchronous import EventPolicy
    from aioric_emulator.emulator import Emulator
    from aioric_emulator.in_process import LocalFunction, lambda_context
    from aioric_emulator.local_lambda import LocalLambda
    from aioric_emulator.results import InvokeRejectedError, InvokeResult, Report
    from aioric_emulator.samples import sample
    from aioric_emulator.sync_emulator import SyncEmulator

__all__ = [
    "Emulator",
    "EventPolicy",
    "InvokeRejectedError",
    "InvokeResult",
    "LocalFunction",
    "LocalLambda",
    "Report",
    "SyncEmulator",
    "lambda_context",
    "sample",
]

_HOMES = {
    "Emulator": "emulator",
    "EventPolicy": "asynchronous",
    "LocalFunction": "in_process",
    "lambda_context": "in_process",
    "LocalLambda": "local_lambda",
    "SyncEmulator": "sync_emulator",
    "sample": "samples",
    "InvokeRejectedError": "results",
    "InvokeResult": "results",
    "Report": "results",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
