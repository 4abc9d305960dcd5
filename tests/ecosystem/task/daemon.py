"""An X-Ray daemon inside the function's own process, to see what is sent to it."""

import json
import os
import socket

_listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
_listener.bind(("127.0.0.1", 0))
_listener.settimeout(0.2)
os.environ["AWS_XRAY_DAEMON_ADDRESS"] = f"127.0.0.1:{_listener.getsockname()[1]}"


def heard():
    """What has arrived, in the order of names."""
    segments = []
    try:
        while True:
            _, _, body = _listener.recvfrom(65_535)[0].partition(b"\n")
            segment = json.loads(body)
            segments.append(
                [
                    segment["name"],
                    segment["trace_id"],
                    segment["parent_id"] in os.environ["_X_AMZN_TRACE_ID"],
                    segment["type"],
                    sorted(segment.get("annotations", {}).items()),
                    "cause" in segment,
                ]
            )
    except TimeoutError:
        return sorted(segments)
