"""The function of `imports`, for an event loop."""

from __future__ import annotations

from typing import Any

import boto3
from pydantic import BaseModel


class Order(BaseModel):
    """What is sold."""

    number: int
    items: list[str]


table = boto3.resource("dynamodb", region_name="us-east-1").Table("orders")


async def empty_async(_event: Any, _context: Any) -> Any:
    """Answer."""
    return {"ok": True}
