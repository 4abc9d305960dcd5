"""Compare memory: what a runtime's processes hold after they have served.

    python -m bench.memory [--quick] [--rounds N]

Proportional set size (PSS): a page that several processes share counts once in all.
"""

from __future__ import annotations

from bench.throughput import main

if __name__ == "__main__":
    main("memory", ("--lanes", "1", "4", "16", "--sizes", "20B", "5MB", "--pin", "free", "--rounds", "3"))
