"""A function with Powertools: a logger and a resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

if TYPE_CHECKING:
    from typing import Any

logger = Logger(service="bench", level="WARNING")
app = APIGatewayHttpResolver()


@app.get("/items/<number>")
def read_item(number: str) -> dict[str, str]:
    """Tell of an item."""
    return {"name": f"item {number}"}


@logger.inject_lambda_context
def handler(event: Any, context: Any) -> Any:
    """Answer a request."""
    return app.resolve(event, context)
