"""Compare payloads: events of 20 B to 5 MB, for a handler that ignores them and one that answers with them.

python -m bench.payload [--quick] [--rounds N]
"""

from __future__ import annotations

from bench.throughput import main

if __name__ == "__main__":
    sizes = ("--sizes", "20B", "2kB", "256kB", "5MB")
    main("payload", (*sizes, "--lanes", "1", "--pin", "together", "--rounds", "3"))
