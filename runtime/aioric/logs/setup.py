"""Puts the platform's logging contract in place: streams, sink, and `logging` once somebody imports it.

The finder that waits for `logging` keeps other names for the standard library too: `function.preloaded`.
"""

from __future__ import annotations

import os
import sys

from aioric.function.preloaded import Preloaded, preloaded
from aioric.logs.journal import Journal
from aioric.logs.sinks import (
    JSON_FRAMES,
    TEXT_FRAMES,
    FramedSink,
    StandardSink,
    Unbuffered,
    redirect_to_provider,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from aioric.config import Config
    from aioric.identity import Identity
    from aioric.logs.sinks import Sink

__all__ = ["Journal", "install", "redirect_to_provider"]


def install(config: Config, identity: Identity) -> Journal:
    """Set up everything that a function's output goes through; call once, before its code is imported.

    Standard output and error pass on each write at once. The root logger gets the platform's
    handler as soon as `logging` is imported, and `logging` is not imported for that.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
    """
    sys.stdout = _unbuffered(sys.stdout)
    sys.stderr = _unbuffered(sys.stderr)
    sink = _open_sink(config)

    def attach(logging: ModuleType) -> None:
        # Imported here because it imports `logging`, which took 25 ms of a start of 40.
        from aioric.logs.records import attach_handler  # noqa: PLC0415

        attach_handler(logging.getLogger(), config, identity, sink)

    after: dict[str, Callable[[ModuleType], object]] = {"logging": attach}
    if "logging" in sys.modules:
        after.pop("logging")(sys.modules["logging"])
    # A new list, not `insert`: a thread that is walking the old one must not skip a finder.
    sys.meta_path = [Preloaded(preloaded(threaded=not config.ascii_json), after), *sys.meta_path]
    announce_preview = not os.environ.get("LAMBDA_DISABLE_PREVIEW_WARN")
    journal = Journal(config, identity, sink, announce_preview=announce_preview)
    if config.max_concurrency is not None and config.json_logs:
        from aioric.logs.streams import keep_records  # noqa: PLC0415 - only on Managed Instances

        keep_records(config, identity, journal)
    return journal


def _unbuffered(stream: Any) -> Any:
    return stream if stream is None or isinstance(stream, Unbuffered) else Unbuffered(stream)


def _open_sink(config: Config) -> Sink:
    # Removed so that the function's child processes do not write half a protocol into it.
    os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
    if config.log_fd is None:
        return StandardSink()
    try:
        return FramedSink(config.log_fd, (JSON_FRAMES if config.json_logs else TEXT_FRAMES)[40])
    except OSError:
        # The platform named a descriptor that is not open. Better logs without frames than none.
        return StandardSink()
