"""Routes: which one takes a request, with which parameters, and what is no route."""

from __future__ import annotations

import re

import pytest

from aioric_emulator.fronts.routes import Route, Router, parse_route

# The example of AWS's own page on routes, and a catch-all.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
KEYS = (
    "$default",
    "ANY /{proxy+}",
    "GET /pets/{proxy+}",
    "GET /pets/dog/{id}",
    "GET /pets/dog/1",
    "ANY /",
    "ANY /pets",
    "POST /pets",
    "GET /{kind}/cat",
)
MATCHES = [
    ("GET", "/pets/dog/1", "GET /pets/dog/1", {}),
    ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
    ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
    ("POST", "/test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
    ("POST", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
    ("POST", "/pets", "POST /pets", {}),
    ("PUT", "/pets", "ANY /pets", {}),
    ("GET", "/", "ANY /", {}),
    ("GET", "/birds/cat", "GET /{kind}/cat", {"kind": "birds"}),
    ("GET", "/pets/cat", "GET /pets/{proxy+}", {"proxy": "cat"}),
]


def router(*keys: str) -> Router:
    """Give a router of these routes, each to a function of its own name."""
    return Router(Route(key, path, method) for key in keys for method, path in [parse_route(key)])


@pytest.mark.parametrize(("method", "path", "key", "parameters"), MATCHES)
def test_the_best_route_takes_a_request(method: str, path: str, key: str, parameters: dict[str, str]) -> None:
    """The fixed before the variable, the variable before the greedy, a method before any."""
    match = router(*KEYS).match(method, path)

    assert match is not None
    assert (match.route.key, match.route.function, match.parameters) == (key, key, parameters)


def test_the_default_takes_the_rest() -> None:
    """And without one there is no match."""
    assert router("GET /a").match("GET", "/b") is None
    assert router("GET /a").match("POST", "/a") is None
    found = router("GET /a", "$default").match("POST", "/a")
    assert found is not None
    assert found.route.key == "$default"


def test_a_resource_is_found_whatever_its_method() -> None:
    """REST APIs look for the resource first."""
    routes = router("GET /a", "ANY /{proxy+}")

    assert routes.find_resource("/a") == "/a"
    assert routes.find_resource("/b/c") == "/{proxy+}"
    assert router("GET /a").find_resource("/b") == ""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("GET /a", ("GET", "/a")),
        ("any /a/{b}", ("ANY", "/a/{b}")),
        ("/a", ("ANY", "/a")),
        ("$default", ("ANY", "$default")),
        ("POST  /{proxy+}", ("POST", "/{proxy+}")),
    ],
)
def test_a_route_is_read(key: str, expected: tuple[str, str]) -> None:
    """A method and a path; without a method it is for all."""
    assert parse_route(key) == expected


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("FETCH /a", "FETCH /a: a route's method is ANY, DELETE, GET"),
        ("GET a", "a route is $default, or METHOD /path"),
        ("GET /a{b}", "a path parameter is a whole segment"),
        ("GET /{a+}/b", "{a+} takes the rest of a path, so it comes last"),
    ],
)
def test_what_is_no_route_is_refused(key: str, message: str) -> None:
    """With what is wrong with it."""
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_route(key)
