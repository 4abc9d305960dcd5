# mypy: ignore-errors
from circle_b import handle
