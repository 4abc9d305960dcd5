"""The start on Managed Instances, within this process; what is forked is in tests/e2e/test_workers.py."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aioric import managed
from tests.lifecycle.journals import Lines, config, journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from aioric.drivers.extension import Extension
    from aioric.managed import Body


class Started:
    """A runtime with one process for all invocations, which serves by telling who and how many."""

    def __init__(self) -> None:
        self.announced: Extension | None = None
        self.config = config(AWS_LAMBDA_MAX_CONCURRENCY="4")
        self.journal = journal(Lines())
        self.served: list[tuple[int, int]] = []

    def start(self, choose: Callable[[Body, list[int]], Callable[[], int]]) -> int:
        """Load nothing."""

        def body(share: int) -> int:
            self.served.append((os.getpid(), share))
            return 3

        return choose(body, [4])()


def test_one_process_forks_nothing() -> None:
    """With one share it is served by the process that has imported the function, whose status counts."""
    runtime = Started()

    assert managed.serve(runtime) == 3
    assert runtime.served == [(os.getpid(), 4)]
    assert runtime.announced is None
