"""`application/vnd.amazon.eventstream`: how a streamed answer travels to the AWS SDKs. Bytes out, no I/O.

https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html
"""

from __future__ import annotations

import json
import struct
from binascii import crc32

__all__ = ["invoke_complete", "payload_chunks"]

# A message may be larger, and no reader waits for more than this before it shows something.
MAX_CHUNK = 256 * 1024
STRING = 7


def message(event_type: str, content_type: str, payload: bytes) -> bytes:
    """Give one message: lengths, headers and payload, each part behind its checksum."""
    facts = {":event-type": event_type, ":content-type": content_type, ":message-type": "event"}
    headers = b"".join(
        struct.pack(
            f"!B{len(name)}sBH{len(value)}s", len(name), name.encode(), STRING, len(value), value.encode()
        )
        for name, value in facts.items()
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    return body + struct.pack("!I", crc32(body))


def payload_chunks(data: bytes) -> bytes:
    """Give the `PayloadChunk` events for some bytes; none for none."""
    blocks = (data[at : at + MAX_CHUNK] for at in range(0, len(data), MAX_CHUNK))
    return b"".join(message("PayloadChunk", "application/octet-stream", block) for block in blocks)


def invoke_complete(error_code: str = "", error_details: str = "", log_result: str = "") -> bytes:
    """Give the last event. `log_result` is the end of the log in base64; what is empty is left out."""
    facts = {"ErrorCode": error_code, "ErrorDetails": error_details, "LogResult": log_result}
    payload = json.dumps({name: value for name, value in facts.items() if value}).encode()
    return message("InvokeComplete", "application/json", payload)
