"""A function with SnapStart hooks, of AWS's library, which awslambdaric brings; else of aioric's own."""

from __future__ import annotations

import os

try:
    from snapshot_restore_py import register_after_restore, register_before_snapshot
except ImportError:
    from functools import partial

    from aioric import after_restore, before_snapshot

    def register_before_snapshot(function, *args):
        before_snapshot(partial(function, *args))

    def register_after_restore(function, *args):
        after_restore(partial(function, *args))


order = []


def note(word):
    """Remember that a hook ran, or fail in it."""
    if os.environ.get("CONFORMANCE_FAILS") == word:
        raise KeyError(word)
    order.append(word)


register_before_snapshot(note, "before 1")
register_before_snapshot(note, "before 2")
register_after_restore(note, "after 1")
register_after_restore(note, "after 2")


def handler(event, context):
    """Answer with the order of the hooks."""
    return order
