# mypy: ignore-errors
raise ValueError("not today")
