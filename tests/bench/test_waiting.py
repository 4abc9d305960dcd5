"""What `python -m bench.waiting` says of its figures."""

from __future__ import annotations

import pytest

from bench.waiting import report


@pytest.mark.parametrize(
    ("cpu_us", "said"),
    [
        (40.0, "0.90 of what the wait allows, 0.96 of a bare loop that computes as long (12000)"),
        (160.0, "1.84 of what the CPU allows, 0.96 of a bare loop"),
    ],
)
def test_the_lower_limit_is_told(cpu_us: float, said: str) -> None:
    """The throughput is compared with the limit that binds, and with a bare loop's, by medians."""
    assert said in report(256, [11_520.0, 100.0, 12_000.0], [cpu_us], [20.0], [12_000.0])
