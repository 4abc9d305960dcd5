"""What the tours call."""

import os
import time
from pathlib import Path


def handler(event, context):
    do = event.get("do")
    if do == "fail":
        raise ValueError(event.get("text", "on purpose"))
    if do == "context":
        return {"custom": context.client_context.custom, "arn": context.invoked_function_arn}
    if do == "note":
        Path(os.environ["NOTES"]).write_text(event["text"])
    if do == "log":
        print("a line of the log")
    if do == "say":
        print(event["text"])
    return {"hello": event.get("name")}


def busy(event, context):
    started = Path(os.environ["STARTED"])
    started.touch()
    until = time.monotonic() + 30
    while started.exists() and time.monotonic() < until:
        time.sleep(0.01)
    return "done"


def stream(event, context):
    yield "first,"
    yield "second"
    if event.get("do") == "fail":
        raise ValueError("on the way")
