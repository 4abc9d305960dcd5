"""An async, high-throughput Python runtime for AWS Lambda.

The names below are all that a function may use. Each is imported when it is first asked for, so that
`import aioric` costs nothing at a cold start.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from aioric.drivers.forking import after_fork, before_fork  # noqa: F401 - what type checkers see
    from aioric.errors import PeerGone as PeerGone
    from aioric.function.buffering import stream_to_buffer as stream_to_buffer
    from aioric.function.events import ServerSentEvent as ServerSentEvent
    from aioric.function.events import ServerSentEvents as ServerSentEvents
    from aioric.function.hooks import (  # noqa: F401 - likewise
        after_response,
        after_restore,
        before_snapshot,
        lifespan,
        on_shutdown,
        state,
    )
    from aioric.function.own_json import set_json_codec as set_json_codec
    from aioric.function.push import open_stream as open_stream
    from aioric.function.responses import StreamingResponse as StreamingResponse
    from aioric.version import __version__

# Public name -> the module that defines it.
_HOMES: dict[str, str] = {
    "PeerGone": "aioric.errors",
    "ServerSentEvent": "aioric.function.events",
    "ServerSentEvents": "aioric.function.events",
    "StreamingResponse": "aioric.function.responses",
    "after_fork": "aioric.drivers.forking",
    "after_response": "aioric.function.hooks",
    "after_restore": "aioric.function.hooks",
    "before_fork": "aioric.drivers.forking",
    "before_snapshot": "aioric.function.hooks",
    "lifespan": "aioric.function.hooks",
    "on_shutdown": "aioric.function.hooks",
    "state": "aioric.function.hooks",
    "open_stream": "aioric.function.push",
    "stream_to_buffer": "aioric.function.buffering",
    "set_json_codec": "aioric.function.own_json",
    "__version__": "aioric.version",
}

__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'aioric' has no attribute {name!r}")
    module = __import__(_HOMES[name], fromlist=[name])
    return getattr(module, name)


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]
