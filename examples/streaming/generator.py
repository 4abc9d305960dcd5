"""A plain generator: each piece leaves when it is yielded. Invoke it with `invoke_with_response_stream`."""

import time


def handler(event, context):
    try:
        for word in event.get("text", "streams are made of pieces").split():
            yield word + " "
            time.sleep(event.get("pause", 0.1))
    finally:
        print("runs in any case, also when nobody listens any more")
