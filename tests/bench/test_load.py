"""What wrk says at its end is read, and what it says of trouble is not passed over."""

from __future__ import annotations

import pytest

from bench.load import LoadError, read

REPORT = """\
Running 2s test @ http://127.0.0.1:1/
  1 threads and 16 connections
  Latency Distribution
     50%  410.00us
     99%    1.25ms
  7321 requests in 2.10s, 1.50MB read
  Non-2xx or 3xx responses: 21
Requests/sec:   3486.19
"""


def test_the_figures_are_read() -> None:
    """In seconds and milliseconds, whatever unit wrk chose."""
    load = read(REPORT, 5.0)
    assert (load.answers, load.refused, load.seconds, load.p99_ms, load.cpu_us) == (7321, 21, 2.1, 1.25, 5.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        REPORT.replace("7321 requests", "0 requests"),
        f"{REPORT}  Socket errors: connect 0, read 3, write 0, timeout 0",
    ],
    ids=["nothing", "no answers", "broken connections"],
)
def test_trouble_is_an_error(text: str) -> None:
    """Rather than a figure that means nothing."""
    with pytest.raises(LoadError, match="did not get its answers"):
        read(text, 0.0)
