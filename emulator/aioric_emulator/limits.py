"""A function's limits, and those of the platform that follow from them. No I/O."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
CLASSIC_INIT_LIMIT = 10.0
MANAGED_INIT_LIMIT = 130.0
MAX_INIT_LIMIT = 900.0


@dataclass(frozen=True, slots=True)
class Limits:
    """A function's limits. Times are in seconds.

    `lanes` is None for classic environments, and N for one Managed Instances environment of N lanes.
    """

    timeout: float
    environments: int = 10
    lanes: int | None = None
    init_limit: float | None = None
    has_snapshot: bool = False
    max_age: float | None = None

    @property
    def init(self) -> float:
        """How long an init may take."""
        if self.init_limit is not None:
            return self.init_limit
        if self.lanes is None and not self.has_snapshot:
            return CLASSIC_INIT_LIMIT
        return min(max(MANAGED_INIT_LIMIT, self.timeout), MAX_INIT_LIMIT)
