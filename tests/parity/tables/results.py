"""What handlers return: see `task/results.py`, where each case is a line."""

from __future__ import annotations

from tests.parity.running import Case
from tests.parity.tables.names import names_in

CASES = [Case("results", name) for name in names_in("results.py", "VALUES")]
