"""A function whose import fails."""

raise ZeroDivisionError("at import")
