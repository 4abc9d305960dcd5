"""The X-Ray trace id of the current invocation, where tracing libraries look for it.

They read the environment variable `_X_AMZN_TRACE_ID`, which belongs to the whole process: right
while it serves one invocation at a time, and wrong for all but one of several.
Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aioric.identity import Identity

VARIABLE = "_X_AMZN_TRACE_ID"


class TraceId:
    """Publishes the trace id of each invocation that begins.

    Args:
        identity: Knows whether there is one invocation at a time.
    """

    __slots__ = ("_alone",)

    def __init__(self, identity: Identity) -> None:
        self._alone = identity.alone

    def enter(self, trace_id: str | None) -> None:
        """Publish the trace id of the invocation that begins, or take the last one's away."""
        if not self._alone:
            return
        if trace_id is not None:
            os.environ[VARIABLE] = trace_id
        else:
            os.environ.pop(VARIABLE, None)
