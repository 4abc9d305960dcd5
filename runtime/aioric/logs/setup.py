"""Puts the platform's logging contract in place: streams, sink, and `logging` once somebody imports it."""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import PathFinder

from aioric.function.aside import Aside, stdlib_directories
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
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
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

    if "logging" in sys.modules:
        attach(sys.modules["logging"])
    else:
        sys.meta_path = [LoggingHook(attach), *sys.meta_path]
    announce_preview = not os.environ.get("LAMBDA_DISABLE_PREVIEW_WARN")
    journal = Journal(config, identity, sink, announce_preview=announce_preview)
    if config.max_concurrency is not None and config.json_logs:
        from aioric.logs.streams import keep_records  # noqa: PLC0415 - only on Managed Instances

        keep_records(config, identity, journal)
    return journal


class LoggingHook:
    """A finder that knows one module, `logging`: the interpreter's own, with `attach` called after it ran.

    Once that happened the hook takes itself away.
    """

    __slots__ = ("_attach",)

    def __init__(self, attach: Callable[[ModuleType], None]) -> None:
        self._attach = attach

    def find_spec(
        self, name: str, _path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The import system's question: where is `name`?"""
        if name != "logging":
            return None
        spec = PathFinder.find_spec(name, stdlib_directories(), target)
        if spec is not None:
            spec.loader = _LoggingLoader(spec.loader, self)  # type: ignore[assignment]  # loads by duck type
        return spec

    def loaded(self, module: ModuleType) -> None:
        """Attach to `module`, unless somebody made it for themselves beside the real one."""
        if sys.modules.get("logging") is not module:
            return
        # A new list, not `remove`: a thread that is walking the old one must not skip a finder.
        sys.meta_path = [finder for finder in sys.meta_path if finder is not self]
        self._attach(module)


class _LoggingLoader:
    """The real loader of `logging`, and what follows."""

    __slots__ = ("_hook", "_loader")

    def __init__(self, loader: Any, hook: LoggingHook) -> None:
        self._loader = loader
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the real loader."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code with the function's folders set aside, and attach."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        with Aside(stdlib_directories()):
            self._loader.exec_module(module)
        self._hook.loaded(module)


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
