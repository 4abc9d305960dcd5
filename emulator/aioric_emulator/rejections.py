"""Why a call is taken by no environment, as the service model and its callers know it.

Statuses, exceptions and reasons: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

from __future__ import annotations

from aioric_emulator.messages import Rejection

__all__ = ["ENDING", "THROTTLED", "UNAVAILABLE"]

THROTTLED = Rejection(
    429,
    "TooManyRequestsException",
    "Rate Exceeded.",
    "ReservedFunctionConcurrentInvocationLimitExceeded",
)
UNAVAILABLE = Rejection(
    429,
    "TooManyRequestsException",
    "Runtime.Unavailable: no lane of the environment waits for an event",
    "ConcurrentInvocationLimitExceeded",
)
ENDING = Rejection(500, "ServiceException", "The local Lambda ends, and takes no further calls")
