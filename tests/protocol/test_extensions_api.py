"""The Extensions API, as far as a runtime needs it."""

from __future__ import annotations

import pytest

from aioric.errors import MalformedResponse
from aioric.protocol.extensions_api import NAME, ExtensionsApi, read_identifier
from aioric.protocol.heads import Response
from tests.protocol.judges import Verdict, h11_requests, httptools_requests

API = ExtensionsApi("127.0.0.1:9001")


def test_it_registers_for_nothing() -> None:
    """The registration names the extension and subscribes to no event."""
    registration = Verdict(
        (b"POST", b"/2020-01-01/extension/register"),
        {
            b"host": b"127.0.0.1:9001",
            b"lambda-extension-name": NAME,
            b"content-type": b"application/json",
            b"content-length": b"13",
        },
        b'{"events":[]}',
    )
    assert h11_requests(API.register) == httptools_requests(API.register) == [registration]


def test_it_waits_under_its_identifier() -> None:
    """The request for the next event says who asks."""
    request = API.next_event("ab-12")
    wait = Verdict(
        (b"GET", b"/2020-01-01/extension/event/next"),
        {b"host": b"127.0.0.1:9001", b"lambda-extension-identifier": b"ab-12"},
        b"",
    )
    assert h11_requests(request) == httptools_requests(request) == [wait]


@pytest.mark.parametrize(
    ("status", "headers", "identifier"),
    [
        (200, {"lambda-extension-identifier": "ab-12"}, "ab-12"),
        (200, {"lambda-extension-identifier": ""}, None),
        (200, {}, None),
        (403, {"lambda-extension-identifier": "ab-12"}, None),
    ],
)
def test_the_registration_names_us_or_is_none(
    status: int, headers: dict[str, str], identifier: str | None
) -> None:
    """An answer to the registration gives an identifier, or it was refused."""
    response = Response(status, headers, keep_alive=True)
    response.body = b"because"
    if identifier is None:
        with pytest.raises(MalformedResponse, match=f"answered {status} because"):
            read_identifier(response)
    else:
        assert read_identifier(response) == identifier
