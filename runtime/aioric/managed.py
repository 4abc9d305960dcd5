"""The start on Managed Instances: import the function and fork workers, or fork workers that import it."""

from __future__ import annotations

from aioric.drivers import crossing, rehearsal, workers
from aioric.drivers.around import announce, wants_to_know

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from aioric.config import Config
    from aioric.drivers.extension import Extension
    from aioric.logs.setup import Journal

    # Serves so many invocations at once in this process; returns its exit status.
    Body = Callable[[int], int]

    class Runtime(Protocol):
        """The runtime, as far as it is started by several processes.

        Attributes:
            announced: Has asked the platform to say SIGTERM, for all processes that are forked from here.
            config: The settings.
            journal: The way to the log.
        """

        announced: Extension | None
        config: Config
        journal: Journal

        def start(self, choose: Callable[[Body, list[int]], Callable[[], int]]) -> int:
            """Load the handler, and serve it in the way that is chosen; returns the exit status."""


def serve(runtime: Runtime) -> int:
    """Load the handler and serve it, here or in workers; returns the exit status of this process."""
    if runtime.config.preload == "0":
        return _serve_apart(runtime)
    return runtime.start(lambda body, shares: _choose(runtime, body, shares))


def _choose(runtime: Runtime, body: Body, shares: list[int]) -> Callable[[], int]:
    """Serve in this process, or in several that are forked from it."""
    if len(shares) == 1:
        return lambda: body(shares[0])
    crossing.prepare(runtime.config, runtime.journal)
    if wants_to_know():
        # Kept open by the parent, for all workers: one extension may register once.
        runtime.announced = announce(runtime.config, runtime.journal)
    if max(shares) == 1:  # with a loop it saves nothing: what a worker writes to is the loop's
        rehearsal.rehearse(runtime.config, runtime.journal)
    return lambda: workers.run(shares, body, runtime.journal)


def _serve_apart(runtime: Runtime) -> int:
    """Fork before anything is imported. The first worker tells how many there have to be."""

    def first(tell: Callable[[list[int]], None]) -> int:
        def serve_first(body: Body, shares: list[int]) -> Callable[[], int]:
            tell(shares)
            return lambda: body(shares[0])

        return runtime.start(serve_first)

    def other(share: int) -> int:
        return runtime.start(lambda body, _: lambda: body(share))

    return workers.run_apart(first, other, runtime.journal)
