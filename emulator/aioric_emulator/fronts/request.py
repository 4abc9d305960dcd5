"""An HTTP request as a front reads it, and what every event says of it: no sockets, no clock."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from aioric_emulator.exchange import HttpExchange

__all__ = ["HOP_BY_HOP", "Facts", "Request", "read_request"]

# `http://host:port` before the path, as a client writes it to a proxy.
ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
# Of the connection, not of what travels on it: no event has them, and no answer of a function's.
HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
LEFT_OUT = HOP_BY_HOP | {"expect"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What an event says that is not in its request. `now` is in seconds since the epoch."""

    request_id: str
    trace_id: str
    now: float
    account_id: str = "123456789012"
    region: str = "us-east-1"

    @property
    def date(self) -> str:
        """The moment as API Gateway writes it: `26/Nov/2026:20:00:00 +0000`."""
        return datetime.fromtimestamp(self.now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")

    @property
    def milliseconds(self) -> int:
        """The moment in whole milliseconds since the epoch."""
        return int(self.now * 1000)

    @property
    def trace_root(self) -> str:
        """The trace id as the header of a front has it."""
        return self.trace_id.partition(";")[0]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` and `query` are as they were sent; `fields` are the headers, likewise."""

    method: str
    path: str = "/"
    query: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"

    def header(self, name: str, default: str = "") -> str:
        """Give a header's last value; `name` is in lower case."""
        return next((value for key, value in reversed(self.fields) if key.lower() == name), default)

    @property
    def host(self) -> str:
        """The host that the client wanted, with its port."""
        return self.header("host", "localhost")

    def pairs(self) -> list[tuple[str, str]]:
        """Give the query's parameters, decoded, in order."""
        return parse_qsl(self.query, keep_blank_values=True)

    def headers(self, facts: Facts) -> list[tuple[str, str]]:
        """Give the headers that an event has: the client's, and those that every front adds.

        Their names are in lower case. A body that came in chunks is given its length.
        """
        kept = [(name.lower(), value) for name, value in self.fields if name.lower() not in LEFT_OUT]
        names = {name for name, _ in kept}
        if self.body and "content-length" not in names:
            kept.append(("content-length", str(len(self.body))))
        if "host" not in names:
            kept.append(("host", self.host))
        forwarded = [value for name, value in kept if name == "x-forwarded-for"]
        kept = [(name, value) for name, value in kept if name not in ADDED]
        kept.append(("x-amzn-trace-id", facts.trace_root))
        kept.append(("x-forwarded-for", ", ".join([*forwarded, self.source_ip])))
        kept.append(("x-forwarded-port", self.port))
        kept.append(("x-forwarded-proto", "http"))
        return kept

    @property
    def port(self) -> str:
        """The port that the client wanted."""
        found = re.search(r":(\d+)$", self.host)
        return found[1] if found else "80"


ADDED = frozenset({"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"})


def read_request(exchange: HttpExchange) -> Request | None:
    """Give the request of an exchange; None where its target is no path."""
    # What is not ASCII in a target is no URL; it is written as clients should have.
    raw = exchange.target.encode("utf-8", "surrogateescape")
    target = quote(raw, safe=string.punctuation) if not raw.isascii() else exchange.target
    target = ABSOLUTE.sub("", target, count=1) if ABSOLUTE.match(target) else target
    path, _, query = target.partition("#")[0].partition("?")
    if path and not path.startswith("/"):
        return None
    fields = tuple((name, readable(value)) for name, value in exchange.fields)
    return Request(exchange.method, path or "/", query, fields, exchange.body, exchange.peer)


def readable(value: str) -> str:
    """Give a header's value as JSON can hold it."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
