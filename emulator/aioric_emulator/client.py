"""Calls of the Lambda API over HTTP, for `aioric invoke` and `aioric replay`."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

import httpx

from aioric_emulator.event_stream_reader import EventStreamError, EventStreamReader

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Call", "InvokeError", "InvokeReply", "Invoker", "LocalInvoker", "StreamEnd"]

# Longer than a function may run: it is the emulator that says when time is up.
TIMEOUT = 5400.0 + 60.0


class InvokeError(Exception):
    """There is no answer of the function's: nobody there, or the call was refused."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: whom, with what, and how."""

    name: str
    payload: bytes
    client_context: str = ""
    tenant_id: str = ""
    wants_log: bool = False
    is_async: bool = False
    is_cold: bool = False


@dataclass(frozen=True, slots=True)
class InvokeReply:
    """What the function, or the platform in its place, answered."""

    body: bytes
    function_error: str
    log: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """How a stream ended: the error's type and object, if it failed, and the log if it was asked for."""

    error_code: str = ""
    error_details: str = ""
    log: str = ""


class Invoker(Protocol):
    """Who makes calls, here or on AWS. Both methods raise `InvokeError`."""

    def call(self, call: Call) -> InvokeReply:
        """Invoke a function and wait for it, or queue its event."""

    def stream(self, call: Call) -> Iterator[bytes | StreamEnd]:
        """Invoke a function and give its answer in pieces, and last how it ended."""


class LocalInvoker:
    """Calls of an endpoint that asks for no signature."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint.rstrip("/")

    def call(self, call: Call) -> InvokeReply:
        """Invoke a function and wait for it, or queue its event. Raises `InvokeError`."""
        url = f"{self._endpoint}/2015-03-31/functions/{quote(call.name, safe='')}/invocations"
        try:
            response = httpx.post(
                url, content=call.payload, headers=headers_of(call), timeout=TIMEOUT, trust_env=False
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._explained(error) from None
        if response.status_code not in {httpx.codes.OK, httpx.codes.ACCEPTED}:
            raise self._refused(response)
        log = base64.b64decode(response.headers.get("X-Amz-Log-Result", "")).decode("utf-8", "replace")
        request_id = response.headers.get("X-Amzn-RequestId", "")
        function_error = response.headers.get("X-Amz-Function-Error", "")
        return InvokeReply(response.content, function_error, log, request_id)

    def stream(self, call: Call) -> Iterator[bytes | StreamEnd]:
        """Invoke a function and give its answer in pieces, and last how it ended. Raises `InvokeError`."""
        path = f"/2021-11-15/functions/{quote(call.name, safe='')}/response-streaming-invocations"
        reader = EventStreamReader()
        try:
            with httpx.stream(
                "POST",
                self._endpoint + path,
                content=call.payload,
                headers=headers_of(call),
                timeout=TIMEOUT,
                trust_env=False,
            ) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise self._refused(response)
                for data in response.iter_raw():
                    for kind, payload in reader.feed(data):
                        yield payload if kind == "PayloadChunk" else read_end(payload)
        except (httpx.HTTPError, httpx.InvalidURL, EventStreamError) as error:
            raise self._explained(error) from None

    def _refused(self, response: httpx.Response) -> InvokeError:
        text = read_refusal(response)
        if response.status_code == httpx.codes.NOT_FOUND and (names := self._served()):
            text = f"{text}. There are: {', '.join(names)} (--name)"
        return InvokeError(text)

    def _served(self) -> list[str]:
        # Only ours has this page.
        try:
            state = httpx.get(f"{self._endpoint}/_aioric/state", timeout=5, trust_env=False).json()
            return [str(each["name"]) for each in state["functions"]]
        except (httpx.HTTPError, ValueError, LookupError, TypeError):
            return []

    def _explained(self, error: Exception) -> InvokeError:
        if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
            return InvokeError(f"{self._endpoint} is not a URL: {error}")
        return InvokeError(f"No answer from {self._endpoint}: {error}. Is `aioric dev` running?")


def headers_of(call: Call) -> dict[str, str]:
    """Give the headers that say what a call wants. Raises `InvokeError` for what no header can hold."""
    if not (call.tenant_id.isascii() and call.tenant_id.isprintable()):
        raise InvokeError(f"A tenant's id is printable ASCII, not {call.tenant_id!r}")
    headers = {
        "X-Amz-Log-Type": "Tail" if call.wants_log else "",
        "X-Amz-Invocation-Type": "Event" if call.is_async else "",
        "X-Amz-Client-Context": base64.b64encode(call.client_context.encode()).decode(),
        "X-Amz-Tenant-Id": call.tenant_id,
        "X-Aioric-Cold-Start": "1" if call.is_cold else "",
    }
    return {name: value for name, value in headers.items() if value}


def read_end(payload: bytes) -> StreamEnd:
    """Give the facts of an `InvokeComplete` event."""
    facts = json.loads(payload)
    log = base64.b64decode(facts.get("LogResult", "")).decode("utf-8", "replace")
    return StreamEnd(facts.get("ErrorCode", ""), facts.get("ErrorDetails", ""), log)


def read_refusal(response: httpx.Response) -> str:
    """Give the kind and the text of a refused call."""
    kind = response.headers.get("x-amzn-ErrorType", f"HTTP {response.status_code}")
    return f"{kind}: {read_message(response)}"


def read_message(response: httpx.Response) -> str:
    """Give the message of an error's body, or the body itself."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return str(body.get("message") or body.get("Message") or response.text)
    return response.text
