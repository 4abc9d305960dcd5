# mypy: ignore-errors
def __getattr__(name):
    raise RuntimeError(f"no {name}")
