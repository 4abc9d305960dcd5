"""Authorizers as `aioric.toml` has them, and as a template's are read: settings by name, checked.

Raises `DeclarationError` throughout, which names the place and what could be there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from aioric_emulator.declaration import DeclarationError, check
from aioric_emulator.fronts.authorizers import REQUEST, TOKEN, Authorizer, parse_identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aioric_emulator.fronts.routes import Route

__all__ = ["MAX_TTL", "AuthorizerTables", "declare_http_authorizer", "declare_rest_authorizer"]

Kinds: TypeAlias = dict[str, tuple[type, float, float]]

# Results are kept for an hour at most, in seconds.
MAX_TTL = 3600
AUTHORIZER: Kinds = {"function": (str, 1, 0), "identity": (list, 0, 0), "ttl": (float, 0, MAX_TTL)}
HTTP: Kinds = {**AUTHORIZER, "payload_format": (str, 0, 0), "simple": (bool, 0, 0)}
REST: Kinds = {**AUTHORIZER, "type": (str, 0, 0), "validation": (str, 0, 0)}
# What a REST API keeps results for, and where a token is, unless it says otherwise.
REST_TTL = 300.0
HEADER = "$request.header.Authorization"


class AuthorizerTables:
    """Those of one API: its `authorizers`, by name, and its `authorizer`, which is that of all routes."""

    def __init__(
        self, place: str, checked: dict[str, Any], functions: Sequence[str], *, is_rest: bool
    ) -> None:
        self._place = place
        declare = declare_rest_authorizer if is_rest else declare_http_authorizer
        self._known: dict[str, Authorizer] = {}
        for name, table in checked.pop("authorizers", {}).items():
            if not isinstance(table, dict):
                raise DeclarationError(f"{place}: authorizers: {name} is a table")
            self._known[name] = declare(f"{place}: authorizers", name, table, functions)
        self._common = self._find(checked.pop("authorizer", False))

    def guard(self, route: Route, own: object = None) -> Route:
        """Give a route with its `own` authorizer, by name, or that of all; False is for none."""
        return replace(route, authorizer=self._common if own is None else self._find(own))

    def _find(self, name: object) -> Authorizer | None:
        if name is False:
            return None
        if not isinstance(name, str) or name not in self._known:
            there = ", ".join(self._known) or "none"
            raise DeclarationError(f"{self._place}: there is no authorizer {name}; there is {there}")
        return self._known[name]


def declare_http_authorizer(
    place: str, name: str, table: Mapping[str, Any], functions: Sequence[str]
) -> Authorizer:
    """Give an authorizer of an HTTP API. Without a `ttl` it is asked each time."""
    place = f"{place}: {name}"
    checked = check(place, table, HTTP)
    made = declare_common(place, name, checked, functions, checked.get("ttl", 0.0))
    payload_format, is_simple = checked.get("payload_format", "2.0"), checked.get("simple", False)
    if payload_format not in {"1.0", "2.0"}:
        raise DeclarationError(f"{place}: payload_format is 1.0 or 2.0, not {payload_format}")
    if is_simple and payload_format == "1.0":
        raise DeclarationError(f"{place}: simple responses are of payload_format 2.0")
    return replace(made, payload_format=payload_format, is_simple=is_simple)


def declare_rest_authorizer(
    place: str, name: str, table: Mapping[str, Any], functions: Sequence[str]
) -> Authorizer:
    """Give an authorizer of a REST API. Without a `ttl` its results are kept for 300 s, as on AWS."""
    place = f"{place}: {name}"
    checked = check(place, table, REST)
    kind = checked.get("type", TOKEN)
    if kind not in {TOKEN, REQUEST}:
        raise DeclarationError(f"{place}: type is {TOKEN} or {REQUEST}, not {kind}")
    if kind == TOKEN:
        checked.setdefault("identity", [HEADER])
    made = declare_common(place, name, checked, functions, checked.get("ttl", REST_TTL))
    validation = checked.get("validation", "")
    if kind == TOKEN and [each.place for each in made.identity] != ["request.header"]:
        raise DeclarationError(f"{place}: the identity of a {TOKEN} authorizer is one header, as {HEADER}")
    if validation and kind != TOKEN:
        raise DeclarationError(f"{place}: validation is of a {TOKEN} authorizer")
    try:
        re.compile(validation)
    except re.error as error:
        raise DeclarationError(f"{place}: validation is no regular expression: {error}") from None
    return replace(made, kind=kind, validation=validation)


def declare_common(
    place: str, name: str, checked: Mapping[str, Any], functions: Sequence[str], ttl: float
) -> Authorizer:
    """Give what authorizers of both kinds of API have."""
    function = checked.get("function")
    if function not in functions:
        raise DeclarationError(f"{place}: there is no function {function}; there is {', '.join(functions)}")
    sources = checked.get("identity", [])
    if not all(isinstance(each, str) for each in sources):
        raise DeclarationError(f"{place}: identity is a list of text")
    try:
        identity = tuple(parse_identity(each) for each in sources)
    except ValueError as error:
        raise DeclarationError(f"{place}: {error}") from None
    if not identity and ttl:
        raise DeclarationError(
            f"{place}: without an identity there is nothing to keep results by: ttl = 0 "
            "(in a template ReauthorizeEvery: 0)"
        )
    return Authorizer(name, str(function), identity=identity, ttl=ttl)
