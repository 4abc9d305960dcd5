"""How handlers end the process, or try to: see `task/ends.py`."""

from __future__ import annotations

from tests.parity.running import Case
from tests.parity.tables.names import names_in

CASES = [Case("ends", name) for name in names_in("ends.py", "CASES")]
