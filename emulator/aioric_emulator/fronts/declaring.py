"""Fronts as `aioric.toml` and the command line declare them: settings by name, checked.

Raises `DeclarationError` throughout, which names the place and what could be there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from aioric_emulator.declaration import DeclarationError, check
from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.routes import DEFAULT, Route, parse_route
from aioric_emulator.fronts.settings import (
    BUFFERED,
    RESPONSE_STREAM,
    AlbSettings,
    FrontSettings,
    HttpApiSettings,
    RestApiSettings,
    UrlSettings,
    catch_all,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "declare_alb",
    "declare_fronts",
    "declare_http_api",
    "declare_rest_api",
    "declare_url",
]

Maker: TypeAlias = "Callable[[str, Mapping[str, Any], Sequence[str]], FrontSettings]"
Guard: TypeAlias = "Callable[[Route, object], Route]"
Kinds: TypeAlias = dict[str, tuple[type, float, float]]

PORT: Kinds = {"port": (int, 0, 65535)}
URL: Kinds = {**PORT, "invoke_mode": (str, 0, 0), "cors": (dict, 0, 0)}
API: Kinds = {
    **PORT,
    "routes": (dict, 0, 0),
    "stage": (str, 0, 0),
    "stage_variables": (dict, 0, 0),
    "authorizer": (str, 1, 0),
    "authorizers": (dict, 0, 0),
}
# The limits of an integration's timeout, in seconds.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
HTTP_API: Kinds = {**API, "payload_format": (str, 0, 0), "timeout": (float, 0.05, 30), "cors": (dict, 0, 0)}
# A REST API's 29 s can be raised by a quota of the account.
REST_API: Kinds = {
    **API,
    "binary_media_types": (list, 0, 0),
    "timeout": (float, 0.05, 900),
    "cors": (dict, 0, 0),
}
ALB: Kinds = {**PORT, "function": (str, 1, 0), "multi_value_headers": (bool, 0, 0)}
CORS: Kinds = {
    "allow_origins": (list, 0, 0),
    "allow_methods": (list, 0, 0),
    "allow_headers": (list, 0, 0),
    "expose_headers": (list, 0, 0),
    "allow_credentials": (bool, 0, 0),
    "max_age": (int, 0, 86400),
}
PAYLOAD_FORMATS = frozenset({"1.0", "2.0"})
INVOKE_MODES = frozenset({BUFFERED, RESPONSE_STREAM})


def declare_fronts(
    tables: Mapping[str, Any], urls: Mapping[str, Any], functions: Sequence[str]
) -> list[FrontSettings]:
    """Give the fronts of a project file: its tables by kind, its functions' URLs, and the functions' names.

    A kind may have one table, or a list of them (`[[http_api]]`).
    """
    fronts: list[FrontSettings] = [declare_url(name, url) for name, url in urls.items()]
    makers: dict[str, Maker] = {
        "http_api": declare_http_api,
        "rest_api": declare_rest_api,
        "alb": declare_alb,
    }
    for kind, make in makers.items():
        declared = tables.get(kind, [])
        for table in declared if isinstance(declared, list) else [declared]:
            if not isinstance(table, dict):
                raise DeclarationError(f"{kind} is a table")
            fronts.append(make(kind, table, functions))
    return fronts


def declare_url(name: str, url: object) -> UrlSettings:
    """Give the URL of a function; `true` is for one with nothing to say of it."""
    if url is True:
        url = {}
    if not isinstance(url, dict):
        raise DeclarationError(f"{name}: url is a table or true, not {url!r}")
    checked = check(f"{name}: url", url, URL)
    mode = checked.get("invoke_mode", BUFFERED)
    if mode not in INVOKE_MODES:
        raise DeclarationError(f"{name}: url: invoke_mode is {BUFFERED} or {RESPONSE_STREAM}, not {mode}")
    return UrlSettings(name, **with_cors(f"{name}: url", checked))


def declare_http_api(place: str, table: Mapping[str, Any], functions: Sequence[str]) -> HttpApiSettings:
    """Give an HTTP API. Without routes all requests go to the first function."""
    checked = with_cors(place, check(place, table, HTTP_API))
    own = {"payload_format": checked.pop("payload_format", "2.0"), "timeout": checked.pop("timeout", 30.0)}
    if own["payload_format"] not in PAYLOAD_FORMATS:
        raise DeclarationError(f"{place}: payload_format is 1.0 or 2.0, not {own['payload_format']}")
    declared = checked.pop("routes", {DEFAULT: functions[0]})
    guard = read_authorizers(place, checked, declared, functions, is_rest=False)
    routes = declare_routes(place, declared, functions, guard)
    texts(place, checked, "stage_variables")
    return HttpApiSettings(tuple(replace(each, **own) for each in routes), **checked)


def declare_rest_api(place: str, table: Mapping[str, Any], functions: Sequence[str]) -> RestApiSettings:
    """Give a REST API. Without routes all requests go to the first function."""
    checked = with_cors(place, check(place, table, REST_API))
    everything = {route.key: route.function for route in catch_all(functions[0])}
    declared = checked.pop("routes", everything)
    guard = read_authorizers(place, checked, declared, functions, is_rest=True)
    routes = declare_routes(place, declared, functions, guard)
    if any(each.path == DEFAULT for each in routes):
        raise DeclarationError(f"{place}: a REST API has no $default; its catch-all is ANY /{{proxy+}}")
    texts(place, checked, "stage_variables")
    types = declare_list(place, checked, "binary_media_types")
    return RestApiSettings(tuple(routes), **checked | types)


def declare_alb(place: str, table: Mapping[str, Any], functions: Sequence[str]) -> AlbSettings:
    """Give a load balancer. Without a function its target is the first."""
    checked = check(place, table, ALB)
    function = known(place, checked.pop("function", functions[0]), functions)
    return AlbSettings(function, **checked)


def declare_routes(
    place: str, routes: Mapping[str, Any], functions: Sequence[str], guard: Guard
) -> list[Route]:
    """Give routes by key, each with its function: a name, or a table that also has its own authorizer."""
    found = []
    for key, declared in routes.items():
        table = declared if isinstance(declared, dict) else {"function": declared}
        if unknown := table.keys() - {"function", "authorizer"}:
            raise DeclarationError(f"{place}: {key}: a route has function and authorizer, not {min(unknown)}")
        try:
            method, path = parse_route(key)
        except ValueError as error:
            raise DeclarationError(f"{place}: {error}") from None
        route = Route(known(f"{place}: {key}", table.get("function"), functions), path, method)
        found.append(guard(route, table.get("authorizer")))
    return found


def read_authorizers(
    place: str,
    checked: dict[str, Any],
    routes: Mapping[str, Any],
    functions: Sequence[str],
    *,
    is_rest: bool,
) -> Guard:
    """Take the authorizers out of an API's settings, and give what adds a route's own to it, by its name."""
    if checked.keys().isdisjoint({"authorizer", "authorizers"}) and not any(
        isinstance(each, dict) for each in routes.values()
    ):
        return lambda route, _: route
    # Only who has some waits for what reads them.
    from aioric_emulator.fronts.declaring_authorizers import AuthorizerTables  # noqa: PLC0415

    return AuthorizerTables(place, checked, functions, is_rest=is_rest).guard


def known(place: str, function: object, functions: Sequence[str]) -> str:
    """Give a function's name if there is such a function."""
    if function not in functions:
        raise DeclarationError(f"{place}: there is no function {function}; there is {', '.join(functions)}")
    return str(function)


def declare_cors(place: str, table: Mapping[str, Any]) -> Cors:
    """Give who may call from other origins."""
    checked = check(f"{place}: cors", table, CORS)
    for key, (kind, _, _) in CORS.items():
        if kind is list:
            checked |= declare_list(f"{place}: cors", checked, key)
    return Cors(**checked)


def with_cors(place: str, checked: dict[str, Any]) -> dict[str, Any]:
    """Give settings whose table `cors` is read."""
    if "cors" not in checked:
        return checked
    return checked | {"cors": declare_cors(place, checked["cors"])}


def declare_list(place: str, checked: Mapping[str, Any], key: str) -> dict[str, tuple[str, ...]]:
    """Give a list of text under its key, if it is there."""
    if key not in checked:
        return {}
    if not all(isinstance(each, str) for each in checked[key]):
        raise DeclarationError(f"{place}: {key} is a list of text")
    return {key: tuple(checked[key])}


def texts(place: str, checked: Mapping[str, Any], key: str) -> None:
    """See that all values of a table are text."""
    if not all(isinstance(value, str) for value in checked.get(key, {}).values()):
        raise DeclarationError(f"{place}: {key} are text")
