"""Authorizers of `aioric.toml`: what may be said, and what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from aioric_emulator.declaration import DeclarationError
from aioric_emulator.fronts.authorizers import REQUEST, TOKEN, Authorizer, parse_identity
from aioric_emulator.fronts.settings import HttpApiSettings, RestApiSettings
from aioric_emulator.project_file import read_project_file

if TYPE_CHECKING:
    from pathlib import Path

FUNCTIONS = '[functions.a]\nhandler = "app.a"\n[functions.b]\nhandler = "app.b"\n'
HEADER = parse_identity("$request.header.Authorization")


def read(folder: Path, text: str) -> Any:
    """Give the fronts of a project file."""
    (folder / "aioric.toml").write_text(FUNCTIONS + text)
    return read_project_file(folder / "aioric.toml").fronts


def test_an_http_api_has_authorizers_by_name(tmp_path: Path) -> None:
    """One for all routes, another for one of them, and none for a third."""
    (api,) = read(
        tmp_path,
        """
[http_api]
authorizer = "all"
[http_api.routes]
"GET /a" = "a"
"GET /b" = { function = "b", authorizer = "own" }
"GET /c" = { function = "a", authorizer = false }
[http_api.authorizers.all]
function = "b"
[http_api.authorizers.own]
function = "b"
identity = ["$request.header.Authorization", "$context.routeKey"]
ttl = 60
simple = true
[http_api.authorizers.old]
function = "b"
payload_format = "1.0"
""",
    )
    assert isinstance(api, HttpApiSettings)
    assert [route.authorizer for route in api.routes] == [
        Authorizer("all", "b"),
        Authorizer("own", "b", REQUEST, (HEADER, parse_identity("$context.routeKey")), 60.0, is_simple=True),
        None,
    ]


def test_a_rest_api_asks_for_tokens(tmp_path: Path) -> None:
    """In the header that AWS has it in, kept for as long as there, unless the table says otherwise."""
    (api,) = read(
        tmp_path,
        """
[rest_api]
authorizer = "tokens"
[rest_api.authorizers.tokens]
function = "b"
validation = "Bearer .*"
[rest_api.authorizers.own]
function = "b"
type = "REQUEST"
identity = ["method.request.querystring.key"]
ttl = 0
""",
    )
    assert isinstance(api, RestApiSettings)
    tokens = Authorizer("tokens", "b", TOKEN, (HEADER,), 300.0, "Bearer .*")
    assert [(route.key, route.authorizer) for route in api.routes] == [
        ("ANY /", tokens),
        ("ANY /{proxy+}", tokens),
    ]
    # Whoever asks for CORS by hand is answered without.
    assert api.preflight_authorizer is None


REFUSED = {
    '[http_api]\nauthorizer = "x"': "http_api: there is no authorizer x; there is none",
    "[http_api]\nauthorizer = true": "http_api: authorizer is text, not True",
    '[http_api]\n[http_api.routes]\n"GET /" = { function = "a", authorizer = true }': (
        "http_api: there is no authorizer True; there is none"
    ),
    '[http_api]\n[http_api.routes]\n"GET /" = { function = "a", auth = "x" }': (
        "http_api: GET /: a route has function and authorizer, not auth"
    ),
    '[http_api]\n[http_api.routes]\n"GET /" = { authorizer = false }': "GET /: there is no function",
    "[http_api]\nauthorizers = { x = 1 }": "http_api: authorizers: x is a table",
    "[http_api.authorizers.x]\nidentity = []": "http_api: authorizers: x: there is no function None",
    '[http_api.authorizers.x]\nfunction = "c"': "x: there is no function c; there is a, b",
    '[http_api.authorizers.x]\nfunction = "a"\ntype = "TOKEN"': "x: there is no setting type",
    '[http_api.authorizers.x]\nfunction = "a"\nttl = 3601': "x: ttl is between 0 and 3600",
    '[http_api.authorizers.x]\nfunction = "a"\nttl = 1': "x: without an identity there is nothing to keep",
    '[http_api.authorizers.x]\nfunction = "a"\nidentity = [1]': "x: identity is a list of text",
    '[http_api.authorizers.x]\nfunction = "a"\nidentity = ["y"]': "x: y is no identity source",
    '[http_api.authorizers.x]\nfunction = "a"\npayload_format = "3"': "x: payload_format is 1.0 or 2.0",
    '[http_api.authorizers.x]\nfunction = "a"\npayload_format = "1.0"\nsimple = true': (
        "x: simple responses are of payload_format 2.0"
    ),
    '[rest_api.authorizers.x]\nfunction = "a"\nsimple = true': "x: there is no setting simple",
    '[rest_api.authorizers.x]\nfunction = "a"\ntype = "JWT"': "x: type is TOKEN or REQUEST, not JWT",
    '[rest_api.authorizers.x]\nfunction = "a"\nidentity = ["$context.path"]': (
        "x: the identity of a TOKEN authorizer is one header"
    ),
    '[rest_api.authorizers.x]\nfunction = "a"\nvalidation = "("': "x: validation is no regular expression",
    '[rest_api.authorizers.x]\nfunction = "a"\ntype = "REQUEST"\nttl = 0\nvalidation = "a"': (
        "x: validation is of a TOKEN authorizer"
    ),
    '[rest_api.authorizers.x]\nfunction = "a"\ntype = "REQUEST"': "x: without an identity there is",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_is_refused(text: str, tmp_path: Path) -> None:
    """With its place, and what could be there."""
    with pytest.raises(DeclarationError, match=re.escape(REFUSED[text])):
        read(tmp_path, text)
