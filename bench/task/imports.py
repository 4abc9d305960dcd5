"""A function that imports what many import: an SDK client and models."""

from __future__ import annotations

from typing import Any

import boto3
from pydantic import BaseModel


class Order(BaseModel):
    """What is sold."""

    number: int
    items: list[str]


table = boto3.resource("dynamodb", region_name="us-east-1").Table("orders")


def empty(_event: Any, _context: Any) -> Any:
    """Answer."""
    return {"ok": True}
