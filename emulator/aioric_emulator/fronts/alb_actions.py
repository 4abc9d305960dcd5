"""What a load balancer's rule does with a request: a function, several by weight, or an answer. No I/O.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from aioric_emulator.fronts.request import Request

__all__ = ["Action", "FixedResponse", "Redirect", "Target", "Weighted", "without_port"]


@dataclass(frozen=True, slots=True)
class Target:
    """A function, and whether its target group has lists in the place of single values."""

    function: str
    multi_value_headers: bool = False


@dataclass(frozen=True, slots=True)
class Weighted:
    """Several functions, each with its share of the requests."""

    shares: tuple[tuple[Target, int], ...]

    def choose(self, request_id: str) -> Target | None:
        """Give one of them for a request, whose id is the chance; None where all have nothing."""
        whole = sum(weight for _, weight in self.shares)
        place = zlib.crc32(request_id.encode()) % whole if whole else 0
        for target, weight in self.shares:
            if place < weight:
                return target
            place -= weight
        return None


@dataclass(frozen=True, slots=True)
class FixedResponse:
    """What the load balancer says itself."""

    status: int
    content_type: str = "text/plain"
    body: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Somewhere else. Each part may hold keywords as `#{path}`, which stand for the request's own.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RedirectActionConfig.html
    """

    status: int
    protocol: str = "#{protocol}"
    host: str = "#{host}"
    port: str = "#{port}"
    path: str = "/#{path}"
    query: str = "#{query}"

    def location(self, request: Request) -> str:
        """Give where a request is sent; the port always is part of it, as it is on AWS."""
        known = {
            "protocol": "http",
            "host": without_port(request.host),
            "port": request.port,
            "path": request.path.removeprefix("/"),
            "query": request.query,
        }

        def fill(part: str) -> str:
            return re.sub(r"#\{(\w+)\}", lambda found: known.get(found[1], found[0]), part)

        query = fill(self.query)
        place = f"{fill(self.protocol).lower()}://{fill(self.host)}:{fill(self.port)}{fill(self.path)}"
        return f"{place}?{query}" if query else place


# None leads to what is not here: a target of another kind, another service.
Action: TypeAlias = Target | Weighted | FixedResponse | Redirect | None


def without_port(host: str) -> str:
    """Give a `Host` header's host alone."""
    return re.sub(r":\d+$", "", host)
