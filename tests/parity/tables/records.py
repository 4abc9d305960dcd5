"""What handlers log: see `task/records.py`."""

from __future__ import annotations

from tests.parity.running import Case
from tests.parity.tables.names import handlers_in

TENANT = {"Lambda-Runtime-Aws-Tenant-Id": "blue"}

CASES = [
    *(Case("records", name) for name in handlers_in("records.py")),
    *(
        Case("records", f"{name}~tenant", headers=TENANT)
        for name in ("levels", "uncaught-after-log", "own-formatter-newline")
    ),
]
# Served once for each level that can be configured.
LEVELS = [
    Case("records", name) for name in ("levels", "named-methods", "set-level", "uncaught-after-log", "sink")
]
