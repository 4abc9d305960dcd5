"""Identity sources: how they are written, and where they look."""

from __future__ import annotations

import re

import pytest

from aioric_emulator.fronts.authorizers import Identity, Sources, parse_identity

SOURCES = Sources(
    {"authorization": "me"},
    {"key": "k"},
    {"table": "t"},
    {"identity": {"sourceIp": "::1"}, "routeKey": "GET /"},
)


@pytest.mark.parametrize(
    ("text", "identity", "value"),
    [
        ("$request.header.Authorization", Identity("request.header", "Authorization"), "me"),
        ("method.request.header.authorization", Identity("request.header", "authorization"), "me"),
        ("$request.querystring.key", Identity("request.querystring", "key"), "k"),
        ("method.request.querystring.KEY", Identity("request.querystring", "KEY"), ""),
        ("stageVariables.table", Identity("stageVariables", "table"), "t"),
        ("$context.identity.sourceIp", Identity("context", "identity.sourceIp"), "::1"),
        ("$context.routeKey", Identity("context", "routeKey"), "GET /"),
        ("$context.nothing", Identity("context", "nothing"), ""),
    ],
)
def test_both_ways_to_write_one_are_read(text: str, identity: Identity, value: str) -> None:
    """Names of headers in any case, all others as they are."""
    assert parse_identity(text) == identity
    assert SOURCES.find(identity) == value
    assert parse_identity(str(identity)) == identity


@pytest.mark.parametrize("text", ["Authorization", "$request.body.x", "$request.header.", ""])
def test_what_is_none_is_told(text: str) -> None:
    """With what there is; a path's parameters are none."""
    message = f"{text} is no identity source; there are $request.header.NAME,"
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_identity(text)
