"""How handlers fail: see `task/errors.py`."""

from __future__ import annotations

from tests.parity.running import Case
from tests.parity.tables.names import names_in

CASES = [Case("errors", name) for name in names_in("errors.py", "CASES")]
