"""A function that wants to know of its end, for runtimes that offer a hook for it."""

from __future__ import annotations

from aioric import on_shutdown


@on_shutdown
def say_goodbye():
    """Say so in the log."""
    print("goodbye", flush=True)


def handler(event, context):
    """Answer with the event."""
    return event
