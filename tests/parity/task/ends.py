"""Handlers that end the process, or try to."""

import os
import signal
import sys
import threading


def _raising(error):
    def handler(event, context):
        raise error

    return handler


def cancelled(event, context):
    import asyncio

    raise asyncio.CancelledError


def exit_in_thread(event, context):
    thread = threading.Thread(target=sys.exit, args=(5,))
    thread.start()
    thread.join()
    return "survived"


def exit_within_finally(event, context):
    try:
        raise ValueError("first")
    finally:
        sys.exit(6)


def killed(event, context):
    os.kill(os.getpid(), signal.SIGKILL)


def terminated(event, context):
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(5)


class Fatal(BaseException):
    """An exception that nobody is meant to catch."""


CASES = {
    "exit": lambda event, context: sys.exit(),
    "exit-0": lambda event, context: sys.exit(0),
    "exit-3": lambda event, context: sys.exit(3),
    "exit-text": lambda event, context: sys.exit("a reason"),
    "exit-true": lambda event, context: sys.exit(True),
    "exit-none": lambda event, context: sys.exit(None),
    "exit-300": lambda event, context: sys.exit(300),
    "exit-negative": lambda event, context: sys.exit(-1),
    "builtin-exit": lambda event, context: exit(4),
    "raise-system-exit": _raising(SystemExit(7)),
    "exit-in-thread": exit_in_thread,
    "exit-within-finally": exit_within_finally,
    "os-exit": lambda event, context: os._exit(9),
    "os-exit-0": lambda event, context: os._exit(0),
    "abort": lambda event, context: os.abort(),
    "killed": killed,
    "terminated": terminated,
    "keyboard-interrupt": _raising(KeyboardInterrupt()),
    "generator-exit": _raising(GeneratorExit()),
    "cancelled": cancelled,
    "base-exception": _raising(Fatal("enough")),
    "base-exception-group": _raising(BaseExceptionGroup("all", [KeyboardInterrupt()])),
}
