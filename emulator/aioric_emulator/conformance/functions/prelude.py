"""A function that streams with an HTTP prelude, for runtimes that offer one."""

from __future__ import annotations

from aioric import StreamingResponse


def handler(event, context):
    """Stream an answer with status, headers and a cookie."""
    return StreamingResponse([b"body"], status_code=201, headers={"X-A": "b"}, cookies=["c=d"])
