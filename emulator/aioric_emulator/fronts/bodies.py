"""Which bodies are text within an event, and which are in base64."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["encode_body", "is_among", "media_type"]

# What Function URLs, HTTP APIs and load balancers take for text, besides `text/*`.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
TEXT = frozenset({"application/json", "application/javascript", "application/xml"})


def media_type(header: str) -> str:
    """Give the type that a `Content-Type` names, or the first of an `Accept`, without its parameters."""
    return header.partition(",")[0].partition(";")[0].strip().lower()


def is_among(kind: str, patterns: Iterable[str]) -> bool:
    """Whether a media type is one of some, which may be `image/*` or `*/*`."""
    family = kind.partition("/")[0]
    return any(each.lower() in {kind, f"{family}/*", "*/*"} for each in patterns)


def encode_body(body: bytes, content_type: str) -> dict[str, Any]:
    """Give the body as text where its type says that it is text, and it is; else in base64."""
    kind = media_type(content_type)
    if kind.startswith("text/") or kind in TEXT:
        try:
            return {"body": body.decode(), "isBase64Encoded": False}
        except UnicodeDecodeError:
            pass
    return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
