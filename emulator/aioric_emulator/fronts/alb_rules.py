"""Where a load balancer's listener leads a request: rules in their order, the first that fits. No I/O.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from aioric_emulator.fronts.alb_actions import without_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aioric_emulator.fronts.alb_actions import Action
    from aioric_emulator.fronts.request import Request

__all__ = ["FIELDS", "Condition", "Rule", "choose", "raw_pairs"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One of these values, in one of the `FIELDS`. `name` is the header's, or unused.

    A value of `query-string` is `key=value`, or a value of any key.
    """

    field: str
    values: tuple[str, ...]
    name: str = ""

    def holds(self, request: Request) -> bool:
        """Whether a request is one of those."""
        return any(FIELDS[self.field](request, self, value) for value in self.values)


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of requests for which all conditions hold."""

    action: Action
    conditions: tuple[Condition, ...] = ()


def choose(rules: Iterable[Rule], request: Request) -> Action:
    """Give what becomes of a request; None where no rule is for it."""
    for rule in rules:
        if all(condition.holds(request) for condition in rule.conditions):
            return rule.action
    return None


def raw_pairs(query: str) -> list[tuple[str, str]]:
    """Give a query's parameters in order, not decoded: that is left to the function."""
    found = [each.partition("=") for each in query.split("&") if each]
    return [(name, value) for name, _, value in found]


@lru_cache(maxsize=256)
def pattern(text: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    """Give a value with its wildcards: `*` for any text, `?` for one character, a backslash for neither."""
    parts = re.findall(r"\\[*?\\]|[*?]|[^*?\\]+|\\", text)
    meaning = {"*": ".*", "?": "."}
    return re.compile(
        "".join(meaning.get(each) or re.escape(unescape(each)) for each in parts), flags | re.DOTALL
    )


def unescape(part: str) -> str:
    """Give what a backslash has before it, without it."""
    return part[1:] if len(part) > 1 and part[0] == "\\" else part


def fits(wanted: str, values: Sequence[str]) -> bool:
    """Whether one of the values is what is wanted, in any case."""
    return any(pattern(wanted).fullmatch(value) for value in values)


def host_fits(request: Request, _condition: Condition, wanted: str) -> bool:
    """Whether it is for this host, on any port."""
    return fits(wanted, [without_port(request.host)])


def path_fits(request: Request, _condition: Condition, wanted: str) -> bool:
    """Whether it is for this path, as it was sent: upper case is not lower case."""
    return pattern(wanted, 0).fullmatch(request.path) is not None


def method_fits(request: Request, _condition: Condition, wanted: str) -> bool:
    """Whether it has this method, which knows no wildcards."""
    return request.method == wanted


def header_fits(request: Request, condition: Condition, wanted: str) -> bool:
    """Whether a header of the condition's name has this value."""
    return fits(wanted, [value for name, value in request.fields if name.lower() == condition.name.lower()])


def query_fits(request: Request, _condition: Condition, wanted: str) -> bool:
    """Whether there is this parameter, as it was sent."""
    key, has_key, value = wanted.rpartition("=")
    pairs = raw_pairs(request.query)
    return fits(value, [found for name, found in pairs if not has_key or pattern(key).fullmatch(name)])


def address_fits(request: Request, _condition: Condition, wanted: str) -> bool:
    """Whether it comes from this network."""
    return ipaddress.ip_address(request.source_ip) in ipaddress.ip_network(wanted, strict=False)


FIELDS: dict[str, Callable[[Request, Condition, str], bool]] = {
    "host-header": host_fits,
    "http-header": header_fits,
    "http-request-method": method_fits,
    "path-pattern": path_fits,
    "query-string": query_fits,
    "source-ip": address_fits,
}
