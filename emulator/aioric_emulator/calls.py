"""A call of `Invoke` becomes an invocation: identifiers, the ARN it was called by, and what it may not be."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, NoReturn

from aioric_emulator.asynchronous import QueuedEvent
from aioric_emulator.messages import MAX_PAYLOAD, Invocation, Rejection
from aioric_emulator.results import InvokeRejectedError

if TYPE_CHECKING:
    from aioric_emulator.configuration import FunctionConfiguration
    from aioric_emulator.messages import Caller

__all__ = [
    "new_attempt",
    "new_event",
    "new_id",
    "new_invocation",
    "new_request",
    "new_trace_id",
    "refuse_payload",
]

# What an event of an asynchronous invocation may have, in bytes.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_EVENT = 1024 * 1024


def refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError(f"{name} is not JSON")


# The bits of a UUID that say which kind it is, and those that do not.
VERSION_4 = 0x4000 << 64 | 0x8000 << 48
MASK = ~(0xF000 << 64 | 0xC000 << 48)
# Made once: the standard library makes a new decoder for every call that has such a wish.
EVENT_DECODER = json.JSONDecoder(parse_constant=refuse_constant)


def new_invocation(
    configuration: FunctionConfiguration,
    caller: Caller,
    payload: bytes,
    *,
    client_context: str = "",
    tenant_id: str = "",
    trace_id: str = "",
    qualifier: str = "",
    request_id: str = "",
    cognito_identity: str = "",
) -> Invocation:
    """Give the invocation of one call. Without a payload the event is an empty object."""
    arn = f"{configuration.arn}:{qualifier}" if qualifier else configuration.arn
    return Invocation(
        request_id=request_id or new_id(),
        invocation_id=new_id() if configuration.sends_invocation_id else "",
        payload=payload or b"{}",
        timeout=configuration.timeout,
        caller=caller,
        function_arn=arn,
        trace_id=trace_id or new_trace_id(),
        # A header holds no line break; between JSON's tokens a space means the same.
        client_context=client_context.replace("\r", " ").replace("\n", " "),
        cognito_identity=cognito_identity,
        tenant_id=tenant_id,
    )


def new_request(
    configuration: FunctionConfiguration,
    caller: Caller,
    payload: object,
    client_context: object = None,
    tenant_id: str = "",
    trace_id: str = "",
    *,
    cold: bool = False,
) -> Invocation:
    """Give the invocation of a call from this process. Raises `InvokeRejectedError` for what is no event.

    `payload` is the event as bytes, or anything that JSON can hold; so is `client_context`.
    """
    event = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    context = "" if client_context is None else json.dumps(client_context)
    rejection = refuse_payload(event, len(event))
    if rejection is not None:
        raise InvokeRejectedError(rejection)
    invocation = new_invocation(
        configuration, caller, event, client_context=context, tenant_id=tenant_id, trace_id=trace_id
    )
    invocation.wants_cold = cold
    return invocation


def new_event(configuration: FunctionConfiguration, payload: bytes, facts: dict[str, str]) -> QueuedEvent:
    """Give an event to queue. `facts` are keyword arguments of `new_invocation`."""
    qualifier = facts.get("qualifier", "")
    arn = f"{configuration.arn}:{qualifier or '$LATEST'}"
    # One trace for all attempts: they are of one event.
    facts = {"trace_id": new_trace_id(), **{name: value for name, value in facts.items() if value}}
    return QueuedEvent(new_id(), payload or b"{}", arn, facts)


def new_attempt(configuration: FunctionConfiguration, caller: Caller, event: QueuedEvent) -> Invocation:
    """Give the invocation of one attempt at an event: the request id stays, the attempt's own is new."""
    return new_invocation(configuration, caller, event.payload, request_id=event.request_id, **event.facts)


def new_id() -> str:
    """Give a random identifier in the form of a version 4 UUID, without the cost of making a UUID object."""
    text = f"{random.getrandbits(128) & MASK | VERSION_4:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_trace_id() -> str:
    """Give an X-Ray header for a call that brought none; it is not sampled."""
    unique = f"{random.getrandbits(160):040x}"
    return f"Root=1-{int(time.time()):08x}-{unique[:24]};Parent={unique[24:]};Sampled=0"


def refuse_payload(payload: bytes, size: int, *, is_event: bool = False) -> Rejection | None:
    """Give the reason for which a payload of `size` bytes cannot be an event, or None.

    `is_event`: of an asynchronous invocation, which may be smaller only.
    """
    if is_event and size > MAX_EVENT:
        limit = f"the Event invocation type (limit {MAX_EVENT} bytes)"
        message = f"{size} byte payload is too large for {limit}"
        return Rejection(413, "RequestTooLargeException", message)
    if size > MAX_PAYLOAD:
        message = f"Request must be smaller than {MAX_PAYLOAD} bytes for the InvokeFunction operation"
        return Rejection(413, "RequestTooLargeException", message)
    if not payload:
        return None
    try:
        EVENT_DECODER.decode(payload.decode())
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        return Rejection(400, "InvalidRequestContentException", message)
    return None
