"""A journal that keeps what it is told, and invocations with a deadline of the test's choice."""

from __future__ import annotations

import itertools
import threading
import time

from aioric.config import Config
from aioric.identity import Identity
from aioric.logs.journal import Journal
from aioric.messages import Invocation

_numbers = itertools.count()


class Lines:
    """A sink that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._told = threading.Condition()

    def log(self, msg: str, frame_type: bytes | None = None) -> None:  # noqa: ARG002 - the sink's signature
        """Keep a message."""
        self._keep(msg)

    def log_error(self, lines: list[str]) -> None:
        """Keep an error."""
        self._keep("\n".join(lines))

    def _keep(self, line: str) -> None:
        with self._told:
            self.lines.append(line)
            self._told.notify_all()

    def await_line(self, text: str) -> str:
        """Wait for a line that contains a text, without a turn of the interpreter's lock that others need."""
        with self._told:
            assert self._told.wait_for(lambda: self._with(text), 20), f"no {text!r} in {self.lines}"
            return self._with(text)

    def _with(self, text: str) -> str:
        return next((line for line in self.lines if text in line), "")


def config(**variables: str) -> Config:
    """Settings as a function's environment gives them."""
    return Config({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1", "AWS_LAMBDA_LOG_FORMAT": "JSON", **variables})


def journal(lines: Lines) -> Journal:
    """A journal of JSON records; notes go to `logging`, so a test reads those from `caplog`."""
    return Journal(config(), Identity(alone=True), lines)


def an_invocation(seconds: float | None = None) -> Invocation:
    """An invocation that times out in so many seconds, or whose deadline is unknown."""
    deadline = 0 if seconds is None else int((time.time() + seconds) * 1000)
    return Invocation(f"id-{next(_numbers)}", b"{}", deadline_ms=deadline)
