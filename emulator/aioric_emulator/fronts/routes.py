"""Routes of an API: which one takes a method and a path, and what its path parameters are. No I/O.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aioric_emulator.fronts.authorizers import Authorizer

__all__ = ["DEFAULT", "METHODS", "Match", "Route", "Router", "parse_route"]

DEFAULT = "$default"
METHODS = frozenset({"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
PARAMETER = re.compile(r"\{([\w.:-]+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """What of an API goes to which function. The catch-all of an HTTP API has the path `$default`.

    `payload_format` is 1.0 or 2.0, `timeout` in seconds; both are of an HTTP API's integration only.
    `authorizer` is asked first.
    """

    function: str
    path: str = DEFAULT
    method: str = "ANY"
    payload_format: str = "2.0"
    timeout: float = 30.0
    authorizer: Authorizer | None = None

    @property
    def key(self) -> str:
        """What events call it."""
        return DEFAULT if self.path == DEFAULT else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Match:
    """A route that takes a request, and the values of its path parameters."""

    route: Route
    parameters: dict[str, str]


def parse_route(key: str) -> tuple[str, str]:
    """Give the method and path of a route's key: `GET /items/{id}`, `$default`, or a path for any method.

    Raises `ValueError` that says what is wrong.
    """
    if key == DEFAULT:
        return "ANY", DEFAULT
    method, space, path = key.rpartition(" ")
    method = method.strip().upper() if space else "ANY"
    if method not in METHODS:
        raise ValueError(f"{key}: a route's method is {', '.join(sorted(METHODS))}")
    if not path.startswith("/"):
        raise ValueError(f"{key}: a route is $default, or METHOD /path")
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        found = PARAMETER.fullmatch(segment)
        if found is None and ("{" in segment or "}" in segment):
            raise ValueError(f"{key}: a path parameter is a whole segment, {{name}} or {{name+}}")
        if found is not None and found[2] and place != len(segments) - 1:
            raise ValueError(f"{key}: {{{found[1]}+}} takes the rest of a path, so it comes last")
    return method, path


class Router:
    """The routes of one API. A fixed segment goes before `{name}`, that before `{name+}`, GET before ANY."""

    def __init__(self, routes: Iterable[Route]) -> None:
        ordered = sorted(routes, key=rank)
        self._routes = [(route, compile_path(route.path)) for route in ordered]

    def match(self, method: str, path: str) -> Match | None:
        """Give the best route for a method and a path."""
        for route, pattern in self._routes:
            if route.method in {"ANY", method} and (found := pattern.fullmatch(path)):
                return Match(route, read_parameters(route.path, found))
        return None

    def find_resource(self, path: str) -> str:
        """Give the path of the best route, whatever its method; nothing where there is none."""
        return next((route.path for route, pattern in self._routes if pattern.fullmatch(path)), "")

    def methods(self, path: str) -> set[str]:
        """Give the methods that a resource's path has routes for; `ANY` are all of them."""
        found = {route.method for route, _ in self._routes if route.path == path}
        return set(METHODS - {"ANY"}) if "ANY" in found else found


def rank(route: Route) -> tuple[tuple[int, ...], bool]:
    """Give what sorts the better route first."""
    if route.path == DEFAULT:
        return (9,), True
    places = []
    for segment in route.path.split("/")[1:]:
        found = PARAMETER.fullmatch(segment)
        places.append(0 if found is None else 2 if found[2] else 1)
    return tuple(places), route.method == "ANY"


def compile_path(path: str) -> re.Pattern[str]:
    """Give what matches the paths that a route takes."""
    if path == DEFAULT:
        return re.compile(r".*", re.DOTALL)
    parts = []
    for segment in path.split("/")[1:]:
        found = PARAMETER.fullmatch(segment)
        if found is None:
            parts.append(re.escape(segment))
        else:
            parts.append(r"(.+)" if found[2] else r"([^/]+)")
    return re.compile("/" + "/".join(parts), re.DOTALL)


def read_parameters(path: str, found: re.Match[str]) -> dict[str, str]:
    """Give the values of a path's parameters, by name."""
    names = [each[1] for each in map(PARAMETER.fullmatch, path.split("/")) if each]
    return dict(zip(names, found.groups(), strict=True))
