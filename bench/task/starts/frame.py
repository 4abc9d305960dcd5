"""A function that works on tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from typing import Any


def handler(_event: Any, _context: Any) -> Any:
    """Answer with a sum."""
    return {"sum": int(pd.DataFrame({"x": [1, 2, 3]})["x"].sum())}
