# mypy: ignore-errors
import sys

sys.exit(3)
