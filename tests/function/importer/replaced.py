# mypy: ignore-errors
import plain
import sys

sys.modules[__name__] = plain
