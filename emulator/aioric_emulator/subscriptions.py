"""What an extension asks for when it subscribes to telemetry or logs: read, checked, completed. No I/O.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-logs-api.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from aioric_emulator.answers import error_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Api", "Destination", "Subscription", "SubscriptionError", "read_subscription"]

Api: TypeAlias = Literal["telemetry", "logs"]

# The versions of each API's records; Managed Instances know the latest one only.
SCHEMAS: dict[Api, tuple[str, ...]] = {
    "telemetry": ("2025-01-29", "2022-12-13", "2022-07-01"),
    "logs": ("2021-03-18", "2020-08-15"),
}
MANAGED_SCHEMA = "2025-01-29"
TYPES = ("platform", "function", "extension")
# Least, most, default. For `maxItems` the guide names 10,000 as the default, the reference 1,000: the latter.
BUFFERING = {
    "maxItems": (1_000, 10_000, 1_000),
    "maxBytes": (262_144, 1_048_576, 262_144),
    "timeoutMs": (25, 30_000, 1_000),
}
# The environment's own name, which here is the loopback interface: telemetry goes nowhere else.
HOSTS = frozenset({"sandbox.localdomain", "sandbox", "localhost", "127.0.0.1"})
# The Runtime API's own, on the platform.
RESERVED_PORT = 9001
MAX_PORT = 65535


class SubscriptionError(Exception):
    """A refused subscription, with its answer."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.answer = error_answer(status, error_type, message)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where records go, on the loopback interface: a TCP port, or an HTTP server's port and path."""

    protocol: Literal["HTTP", "TCP"]
    port: int
    path: str = "/"
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one extension has subscribed to. `timeout` is in seconds."""

    name: str
    api: Api
    schema: str
    types: tuple[str, ...]
    max_items: int
    max_bytes: int
    timeout: float
    destination: Destination


class Faults(list[str]):
    """What is wrong with a subscription, all of it at once."""

    def number(self, what: str, value: object, least: int, most: int) -> int:
        """Give a whole number within bounds, or note that it is none."""
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.append(f"{what} must be a whole number between {least} and {most}")
        return least


def read_subscription(name: str, api: Api, body: bytes, *, is_managed: bool) -> Subscription:
    """Read an extension's request. Raises `SubscriptionError`, which names all that is wrong with it."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise SubscriptionError(400, "ValidationError", f"the body is not JSON: {error}") from None
    if not isinstance(request, dict):
        raise SubscriptionError(400, "ValidationError", "the body must be a JSON object")
    faults = Faults()
    schema = read_schema(api, request.get("schemaVersion"), faults, is_managed=is_managed)
    destination = read_destination(api, request.get("destination"), faults)
    types = read_types(request.get("types"), faults)
    items, size, timeout = read_buffering(request.get("buffering"), faults)
    if faults:
        raise SubscriptionError(400, "ValidationError", "; ".join(faults))
    return Subscription(name, api, schema, types, items, size, timeout / 1000, destination)


def read_schema(api: Api, value: object, faults: Faults, *, is_managed: bool) -> str:
    """Give the version of the records; the older API has a default."""
    known = (MANAGED_SCHEMA,) if is_managed else SCHEMAS[api]
    if value is None and api == "logs":
        return known[-1]
    if not isinstance(value, str) or value not in known:
        faults.append(f"schemaVersion must be one of {', '.join(known)}")
        return known[0]
    return value


def read_types(value: object, faults: Faults) -> tuple[str, ...]:
    """Give the streams that are subscribed to, each once."""
    if not isinstance(value, list) or not value:
        faults.append("types should not be empty")
        return ()
    unknown = [each for each in value if each not in TYPES]
    if unknown:
        faults.append(f"types must be among {', '.join(TYPES)}, not {unknown[0]}")
    return tuple(each for each in TYPES if each in value)


def read_buffering(value: object, faults: Faults) -> tuple[int, int, int]:
    """Give the most items and bytes of a batch, and the most milliseconds that it waits."""
    if value is None:
        value = {}
    if not isinstance(value, dict):
        faults.append("buffering must be an object")
        value = {}
    return (
        read_limit("maxItems", value, faults),
        read_limit("maxBytes", value, faults),
        read_limit("timeoutMs", value, faults),
    )


def read_limit(key: str, buffering: Mapping[str, Any], faults: Faults) -> int:
    """Give one of the limits of a batch."""
    least, most, default = BUFFERING[key]
    return faults.number(key, buffering.get(key, default), least, most)


def read_destination(api: Api, value: object, faults: Faults) -> Destination:
    """Give where records go."""
    if not isinstance(value, dict):
        faults.append("destination is not provided")
        return Destination("TCP", 0)
    if value.get("protocol") == "TCP":
        return Destination("TCP", read_port(value.get("port"), faults))
    if value.get("protocol") != "HTTP":
        faults.append("destination protocol must be HTTP or TCP")
        return Destination("TCP", 0)
    method = value.get("method", "POST") if api == "logs" else "POST"
    if method not in {"POST", "PUT"}:
        faults.append("destination method must be POST or PUT")
    return read_uri(value.get("URI"), str(method), faults)


def read_uri(value: object, method: str, faults: Faults) -> Destination:
    """Give the HTTP server that a URI names."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        port = parts.port
    except ValueError:
        faults.append("URI is malformed")
        return Destination("HTTP", 0)
    if parts.scheme != "http":
        faults.append("URI must begin with http://")
    elif parts.hostname not in HOSTS:
        faults.append(f"URI host must be sandbox.localdomain, not {parts.hostname}")
    elif port is None:
        faults.append("URI port is not provided")
    else:
        port = read_port(port, faults)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination("HTTP", port or 0, path, method)


def read_port(value: object, faults: Faults) -> int:
    """Give the port of a destination."""
    port = faults.number("port", value, 1, MAX_PORT)
    if port == RESERVED_PORT:
        faults.append(f"port {RESERVED_PORT} is reserved")
    return port
