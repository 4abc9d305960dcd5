# mypy: ignore-errors
from circle_a import handle
