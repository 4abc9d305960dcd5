"""The prelude of a streamed answer: status, headers and cookies, before the body. No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html
"""

from __future__ import annotations

from aioric_emulator.fronts.proxy_answer import (
    MalformedAnswer,
    has_header,
    read_cookies,
    read_headers,
    read_object,
    read_status,
)
from aioric_emulator.messages import Answer

__all__ = ["DELIMITER", "ENDLESS", "HTTP_INTEGRATION", "MAX_PRELUDE", "read_prelude", "read_whole"]

# The content type of an answer that begins with a prelude.
HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response"
DELIMITER = b"\0" * 8
# Within so many bytes the delimiter has to come.
MAX_PRELUDE = 16 * 1024
# What is wrong where it does not.
ENDLESS = f"no prelude that ends with eight NULs within {MAX_PRELUDE} bytes"


def read_prelude(text: bytes) -> Answer:
    """Give the head of an answer. Raises `MalformedAnswer` where the prelude cannot be one."""
    metadata = read_object(text)
    status = read_status(metadata.get("statusCode", 200))
    headers = read_headers(metadata.get("headers"), metadata.get("multiValueHeaders"))
    headers += read_cookies(metadata.get("cookies"))
    if not has_header(headers, "content-type"):
        headers.append(("Content-Type", "application/octet-stream"))
    return Answer(status, tuple(headers))


def read_whole(body: bytes, content_type: str) -> Answer:
    """Give the answer that a stream became which was collected. Raises `MalformedAnswer`."""
    if content_type != HTTP_INTEGRATION:
        return Answer(200, (("Content-Type", content_type),), body)
    text, delimiter, rest = body.partition(DELIMITER)
    if not delimiter or len(text) > MAX_PRELUDE:
        raise MalformedAnswer(ENDLESS)
    head = read_prelude(text)
    return Answer(head.status, head.headers, rest)
