"""A function that streams from threads: each generator waits for its event's file before the last piece."""

import threading
import time
from pathlib import Path


def handler(event, _context):
    """Stream two pieces, and what the event asks for between them."""
    try:
        yield f"{event['name']} begins on {threading.current_thread().name}\n"
        while "endless" in event:
            yield "x" * 10_000
        while "gate" in event and not Path(event["gate"]).exists():
            time.sleep(0.005)
        if "fail" in event:
            raise ValueError(event["fail"])  # noqa: TRY301 - as functions do
        yield f"{event['name']} ends"
    except BaseException as error:
        print(f"{event['name']} heard {type(error).__name__}", flush=True)
        raise
