"""Whatever a function gives back, every front makes an HTTP answer of it that another parser reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import h11
from hypothesis import given, settings
from hypothesis import strategies as st

from aioric_emulator.exchange import render
from aioric_emulator.fronts.alb import Alb
from aioric_emulator.fronts.front import Call, Front
from aioric_emulator.fronts.function_url import FunctionUrl
from aioric_emulator.fronts.http_api import HttpApi
from aioric_emulator.fronts.rest_api import RestApi
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import (
    AlbSettings,
    HttpApiSettings,
    RestApiSettings,
    UrlSettings,
    catch_all,
)
from aioric_emulator.messages import Answer, Outcome
from tests.emulator.fronts.making import FACTS, call, request

if TYPE_CHECKING:
    from aioric_emulator.fronts.request import Request

FRONTS: tuple[Front, ...] = (
    FunctionUrl(UrlSettings("f")),
    HttpApi(HttpApiSettings((Route("f"),))),
    HttpApi(HttpApiSettings((Route("f", payload_format="1.0"),))),
    RestApi(RestApiSettings(catch_all("f"), binary_media_types=("*/*",))),
    Alb(AlbSettings("f")),
    Alb(AlbSettings("f", multi_value_headers=True)),
)
TEXT = st.text(st.characters(exclude_categories=()), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers(-5, 1000) | st.floats() | TEXT
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(TEXT, SCALARS, max_size=2)
NAMES = st.sampled_from(
    ["X-A", "content-type", "Set-Cookie", "Content-Length", "x y", "", "é", "\x08", "x\x7f"]
)
HEADERS = st.dictionaries(NAMES, VALUES, max_size=3)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": VALUES | st.sampled_from([200, "201", 204, 304, 500]),
        "headers": VALUES | HEADERS,
        "multiValueHeaders": VALUES | HEADERS,
        "cookies": VALUES,
        "body": VALUES,
        "isBase64Encoded": SCALARS,
        "statusDescription": SCALARS,
    },
)


def read(rendered: bytes) -> tuple[int, bytes]:
    """Give the status and body of an answer, as another parser reads it."""
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(rendered)
    head = parser.next_event()
    assert isinstance(head, h11.Response)
    body = b""
    while isinstance(event := parser.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert parser.trailing_data[0] == b""
    return head.status_code, body


@settings(max_examples=300, deadline=None)
@given(value=VALUES | OBJECTS)
def test_every_answer_is_an_answer(value: Any) -> None:
    """Of whatever JSON, in whatever place of the format."""
    posted = json.dumps(value).encode()
    for front in FRONTS:
        of = call(front)
        found = of.dress(of.read(Outcome(posted)))
        assert read(render(found, keep_alive=True))[0] == found.status


@settings(max_examples=200, deadline=None)
@given(posted=st.binary(max_size=30), content_type=st.sampled_from(["application/json", "a/b"]))
def test_bytes_that_are_no_json_are_answered(posted: bytes, content_type: str) -> None:
    """What a runtime posts is anything at all."""
    for front in FRONTS:
        of = call(front)
        assert of.dress(of.read(Outcome(posted, content_type))).status in {200, 500, 502}


@settings(max_examples=300, deadline=None)
@given(
    target=st.text(alphabet="/ab%2F?&=+{}.;:", max_size=20),
    headers=st.lists(
        st.tuples(st.sampled_from(["A", "cookie", "accept", "x-forwarded-for"]), st.text(max_size=9))
    ),
    body=st.binary(max_size=9),
)
def test_every_request_is_an_event_or_answered(
    target: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    """An event is JSON, whatever stands in a request."""
    made: Request = request(f"/{target}", *headers, method="POST", body=body)
    for front in FRONTS:
        decided = front.receive(made, FACTS)
        if isinstance(decided, Call):
            assert json.loads(json.dumps(decided.event))
        else:
            assert isinstance(decided, Answer)
