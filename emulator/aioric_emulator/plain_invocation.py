"""An invocation with nothing to it but an event: what the short way makes of a call, and keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from aioric_emulator.messages import MAX_PAYLOAD, Invocation

if TYPE_CHECKING:
    from aioric_emulator.messages import Caller

__all__ = ["MAX_PLAIN", "Measured", "PlainInvocation"]

# An event or an answer of more bytes goes the long way: plain ones are kept whole for who looks later.
MAX_PLAIN = 64 * 1024


class Measured(Protocol):
    """The environment, as far as its memory is wanted."""

    @property
    def max_memory(self) -> int:
        """The most that was used so far, in bytes."""


class PlainInvocation(Invocation):
    """One attempt, begun on the short way: it has neither context, identity nor tenant.

    It is noted when it begins and when it ends (`Journal.note`, `History.note`), and read some milliseconds
    later: until then it is all there is.
    """

    # A dataclass would set all of them for each, which takes twice as long as all else about it.
    __slots__ = ("answer", "duration", "environment", "has_start", "number", "time")

    content_type = "application/json"
    client_context = cognito_identity = tenant_id = ""
    response_limit = MAX_PAYLOAD
    wants_cold = False

    # When it began, in seconds since the epoch, and the number of its environment.
    time: float
    number: int
    # What it was answered with, if it has ended on the short way; then how long it took, in seconds, and
    # whose memory tells its peak.
    answer: bytes | None
    duration: float
    environment: Measured
    # Whether its START has been written.
    has_start: bool

    def __init__(
        self,
        request_id: str,
        invocation_id: str,
        trace_id: str,
        payload: bytes,
        timeout: float,
        caller: Caller,
        function_arn: str,
        time: float,
    ) -> None:
        self.request_id = request_id
        self.invocation_id = invocation_id
        self.trace_id = trace_id
        self.payload = payload
        self.timeout = timeout
        self.caller = caller
        self.function_arn = function_arn
        self.time = time
        self.is_answered = self.has_start = False
        self.answer = None
        # `Service.begin_warm` sets the moments.
