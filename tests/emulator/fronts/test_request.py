"""Requests as fronts read them: targets of every form, and the headers that each front adds."""

from __future__ import annotations

import pytest

from aioric_emulator.exchange import HttpExchange
from aioric_emulator.fronts.request import Request, read_request
from tests.emulator.fronts.making import FACTS, request


class Nowhere:
    """A connection that nothing is sent on."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


def read(target: str, *fields: tuple[str, str]) -> Request | None:
    """Give the request of an exchange with this target."""
    exchange = HttpExchange(Nowhere())  # type: ignore[arg-type]  # reading asks nothing of it
    exchange.method = "GET"
    exchange.target = target
    exchange.fields = list(fields)
    return read_request(exchange)


TARGETS = {
    "/": ("/", ""),
    "/a%20b?x=1&y=": ("/a%20b", "x=1&y="),
    "//two//slashes": ("//two//slashes", ""),
    "/a?b?c": ("/a", "b?c"),
    "/a?": ("/a", ""),
    "/a#b?c": ("/a", ""),
    "http://example.com:80/a?b=1": ("/a", "b=1"),
    "HTTPS://example.com": ("/", ""),
    "?only=query": ("/", "only=query"),
    "/caf\u00e9\udcff": ("/caf%C3%A9%FF", ""),
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_is_a_path_and_a_query(target: str) -> None:
    """Both as they were sent, with what is not ASCII escaped."""
    made = read(target)

    assert made is not None
    assert (made.path, made.query) == TARGETS[target]


@pytest.mark.parametrize("target", ["*", "example.com:443", "a/b", "ftp://example.com/"])
def test_a_target_that_is_no_path_is_refused(target: str) -> None:
    """What CONNECT and `OPTIONS *` send is no request to an event source."""
    assert read(target) is None


def test_a_header_that_is_no_text_can_stand_in_an_event() -> None:
    """Bytes that are not UTF-8 are replaced."""
    made = read("/", ("X", "caf\u00e9 \udcff"))

    assert made is not None
    assert made.header("x") == "caf\u00e9 \ufffd"


def test_the_headers_of_an_event() -> None:
    """The client's own in lower case, without those of the connection, and four that are added."""
    made = request(
        "/",
        ("X-Mine", "1"),
        ("x-mine", "2"),
        ("Connection", "keep-alive"),
        ("Transfer-Encoding", "chunked"),
        ("Expect", "100-continue"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Amzn-Trace-Id", "Root=other"),
        method="POST",
        body=b"four",
    )

    assert made.headers(FACTS) == [
        ("host", "localhost:8081"),
        ("x-mine", "1"),
        ("x-mine", "2"),
        ("content-length", "4"),
        ("x-amzn-trace-id", "Root=1-aa-bb"),
        ("x-forwarded-for", "10.0.0.1, 127.0.0.1"),
        ("x-forwarded-port", "8081"),
        ("x-forwarded-proto", "http"),
    ]


def test_a_request_without_a_host_has_one() -> None:
    """As HTTP/1.0 allows."""
    made = Request("GET")

    assert dict(made.headers(FACTS))["host"] == "localhost"
    assert made.port == "80"
