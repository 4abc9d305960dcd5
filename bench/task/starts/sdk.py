"""A function with an AWS client, made once at import as AWS advises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from typing import Any

client = boto3.client("s3", region_name="us-east-1")


def handler(_event: Any, _context: Any) -> Any:
    """Answer with what the client knows without asking."""
    return {"service": client.meta.service_model.service_name}
