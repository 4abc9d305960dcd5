"""Cross-origin requests: questions before a call, and headers on its answer."""

from __future__ import annotations

import pytest

from aioric_emulator.fronts.cors import Cors
from aioric_emulator.messages import Answer
from tests.emulator.fronts.making import headers, request

HERE = ("https://a.example",)
WHOLE = Cors(HERE, ("GET", "PUT"), ("x-key", "date"), ("etag",), allow_credentials=True, max_age=60)


def ask(cors: Cors, origin: str, method: str, *fields: tuple[str, str]) -> dict[str, list[str]]:
    """Give the headers of the answer to a browser's question."""
    asked = ("Access-Control-Request-Method", method)
    answer = cors.preflight(request("/", ("Origin", origin), asked, *fields, method="OPTIONS"), 204)
    assert answer is not None
    assert (answer.status, answer.body) == (204, b"")
    return headers(answer)


def test_a_question_is_answered() -> None:
    """With all that is configured."""
    assert ask(WHOLE, "https://a.example", "PUT") == {
        "access-control-allow-origin": ["https://a.example"],
        "access-control-allow-credentials": ["true"],
        "access-control-allow-methods": ["GET,PUT"],
        "access-control-allow-headers": ["x-key,date"],
        "access-control-expose-headers": ["etag"],
        "access-control-max-age": ["60"],
        "vary": ["Origin"],
    }


@pytest.mark.parametrize("origin", ["https://b.example", "http://a.example", "null"])
def test_a_stranger_is_told_nothing(origin: str) -> None:
    """An answer without headers is a refusal to a browser."""
    assert ask(WHOLE, origin, "PUT") == {}


def test_a_method_that_is_not_allowed_is_not_named() -> None:
    """The origin is; the browser draws the conclusion."""
    assert "access-control-allow-methods" not in ask(WHOLE, "https://a.example", "DELETE")


def test_anybody_may_be_let_in() -> None:
    """With `*` for origins, methods and headers, each taken literally or as what was asked for."""
    anybody = Cors(("*",), ("*",), ("*",))
    found = ask(anybody, "null", "PATCH", ("Access-Control-Request-Headers", "x-a, x-b"))

    assert found["access-control-allow-origin"] == ["*"]
    assert found["access-control-allow-methods"] == ["*"]
    assert found["access-control-allow-headers"] == ["x-a, x-b"]


def test_a_scheme_may_be_let_in() -> None:
    """`https://*` is for every origin with that scheme."""
    https = Cors(("https://*",), ("GET",))

    assert ask(https, "https://c.example", "GET")["access-control-allow-origin"] == ["https://c.example"]
    assert ask(https, "http://c.example", "GET") == {}


@pytest.mark.parametrize(
    "made",
    [
        request("/", ("Origin", "https://a.example"), method="OPTIONS"),
        request("/", ("Access-Control-Request-Method", "GET"), method="OPTIONS"),
        request("/", ("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET")),
    ],
    ids=["no method", "no origin", "not OPTIONS"],
)
def test_what_is_no_question_goes_on(made: object) -> None:
    """A function may answer OPTIONS itself."""
    assert WHOLE.preflight(made, 204) is None  # type: ignore[arg-type]  # a request, from the table


def test_our_headers_take_the_place_of_the_functions() -> None:
    """So that there is one of each."""
    own = Answer(200, (("Access-Control-Allow-Origin", "*"), ("ETag", "1")), b"x")
    added = WHOLE.add(request("/", ("Origin", "https://a.example")), own)

    assert headers(added)["access-control-allow-origin"] == ["https://a.example"]
    assert headers(added)["etag"] == ["1"]
    assert headers(WHOLE.add(request("/"), own)) == {"etag": ["1"]}
