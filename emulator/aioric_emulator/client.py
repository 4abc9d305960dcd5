"""`aioric invoke`: one call of the Lambda API over HTTP."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    request_id: str = ""


def call(
    endpoint: str,
    name: str,
    payload: bytes,
    client_context: str = "",
    *,
    wants_log: bool = False,
    headers: Mapping[str, str] | None = None,
) -> InvokeReply:
    """Invoke a function and wait for it, or queue its event if `headers` say so. Raises `InvokeError`."""
    url = f"{endpoint.rstrip('/')}/2015-03-31/functions/{quote(name, safe='')}/invocations"
    headers = dict(headers or {})
    if wants_log:
        headers["X-Amz-Log-Type"] = "Tail"
    if client_context:
        headers["X-Amz-Client-Context"] = base64.b64encode(client_context.encode()).decode()
    try:
        response = httpx.post(url, content=payload, headers=headers, timeout=TIMEOUT, trust_env=False)
    except httpx.InvalidURL as error:
        raise InvokeError(f"{endpoint} is not a URL: {error}") from None
    except httpx.HTTPError as error:
        raise InvokeError(f"No answer from {endpoint}: {error}. Is `aioric dev` running?") from None
    if response.status_code not in {httpx.codes.OK, httpx.codes.ACCEPTED}:
        kind = response.headers.get("x-amzn-ErrorType", f"HTTP {response.status_code}")
        raise InvokeError(f"{kind}: {read_message(response)}")
    log = base64.b64decode(response.headers.get("X-Amz-Log-Result", "")).decode("utf-8", "replace")
    request_id = response.headers.get("X-Amzn-RequestId", "")
    return InvokeReply(response.content, response.headers.get("X-Amz-Function-Error", ""), log, request_id)


def read_message(response: httpx.Response) -> str:
    """Give the message of an error's body, or the body itself."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return str(body.get("message") or body.get("Message") or response.text)
    return response.text
