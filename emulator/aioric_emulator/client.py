"""`aioric invoke`: one call of the Lambda API over HTTP."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote

import httpx

__all__ = ["InvokeError", "InvokeReply", "call"]

# Longer than a function may run: it is the emulator that says when time is up.
TIMEOUT = 5400.0 + 60.0


class InvokeError(Exception):
    """There is no answer of the function's: nobody there, or the call was refused."""


@dataclass(frozen=True, slots=True)
class InvokeReply:
    """What the function, or the platform in its place, answered."""

    body: bytes
    function_error: str
    log: str


def call(
    endpoint: str, name: str, payload: bytes, client_context: str = "", *, wants_log: bool = False
) -> InvokeReply:
    """Invoke a function and wait for it. Raises `InvokeError`."""
    url = f"{endpoint.rstrip('/')}/2015-03-31/functions/{quote(name, safe='')}/invocations"
    headers = {"X-Amz-Log-Type": "Tail"} if wants_log else {}
    if client_context:
        headers["X-Amz-Client-Context"] = base64.b64encode(client_context.encode()).decode()
    try:
        response = httpx.post(url, content=payload, headers=headers, timeout=TIMEOUT, trust_env=False)
    except httpx.InvalidURL as error:
        raise InvokeError(f"{endpoint} is not a URL: {error}") from None
    except httpx.HTTPError as error:
        raise InvokeError(f"No answer from {endpoint}: {error}. Is `aioric dev` running?") from None
    if response.status_code != httpx.codes.OK:
        kind = response.headers.get("x-amzn-ErrorType", f"HTTP {response.status_code}")
        raise InvokeError(f"{kind}: {read_message(response)}")
    log = base64.b64decode(response.headers.get("X-Amz-Log-Result", "")).decode("utf-8", "replace")
    return InvokeReply(response.content, response.headers.get("X-Amz-Function-Error", ""), log)


def read_message(response: httpx.Response) -> str:
    """Give the message of an error's body, or the body itself."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return str(body.get("message") or body.get("Message") or response.text)
    return response.text
