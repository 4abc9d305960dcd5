"""What may stand before a stream, and what may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aioric.errors import InvalidStream
from aioric.function.responses import DELIMITER, HTTP, StreamingResponse


def test_the_prelude_is_json_and_eight_nuls() -> None:
    """The type is AWS's, and JSON escapes whatever could be taken for the delimiter."""
    response = StreamingResponse("", 200, {"x-name": "ü"}, "c=1", "text/html")
    content_type, prelude = response.begin(json.dumps)

    assert content_type == HTTP
    assert prelude.endswith(DELIMITER)
    assert prelude.count(b"\0") == 8
    assert json.loads(prelude[:-8]) == {
        "statusCode": 200,
        "headers": {"x-name": "ü", "content-type": "text/html; charset=utf-8"},
        "cookies": ["c=1"],
    }


@pytest.mark.parametrize(
    ("media_type", "headers", "expected"),
    [
        (None, None, {"content-type": "application/octet-stream"}),
        ("application/json", None, {"content-type": "application/json"}),
        ("text/csv; charset=latin-1", None, {"content-type": "text/csv; charset=latin-1"}),
        ("text/csv", {"Content-Type": "x/y"}, {"Content-Type": "x/y"}),
    ],
)
def test_there_is_one_content_type(
    media_type: str | None, headers: dict[str, str] | None, expected: dict[str, str]
) -> None:
    """It is the header's, else the media type, else bytes; text gets its charset."""
    assert StreamingResponse("", headers=headers, media_type=media_type).headers == expected


@pytest.mark.parametrize("status", [99, 600, -1, 200.0, "200", True, None])
def test_a_status_is_a_number_from_100_to_599(status: Any) -> None:
    """Anything else is named."""
    with pytest.raises(InvalidStream, match=r"status must be a whole number.*not"):
        StreamingResponse("", status)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x": "a\r\nb"}, "header 'x' must not contain a line break"),
        ({"x": "a\0"}, "header 'x' must not contain a line break or a NUL"),
        ({"x": ["ok", "a\n"]}, "header 'x' must not contain"),
        ({"x": 5}, "header 'x' must be a str, not int: 5"),
        ({"x": b"a"}, "header 'x' must be a str, not bytes"),
        ({"": "a"}, "Not the name of a header: ''"),
        ({"a b": "a"}, "Not the name of a header: 'a b'"),
        ({5: "a"}, "Not the name of a header: 5"),
    ],
)
def test_a_bad_header_is_named(headers: Any, message: str) -> None:
    """Line breaks would end the header, and the next line would be the attacker's."""
    with pytest.raises(InvalidStream, match=message):
        StreamingResponse("", headers=headers)


@pytest.mark.parametrize(("cookie", "message"), [(5, "must be a str, not int"), ("a\n", "line break")])
def test_a_bad_cookie_is_named_with_its_position(cookie: Any, message: str) -> None:
    """Which of them it was, counted from 1."""
    with pytest.raises(InvalidStream, match=f"Cookie 2 .*{message}"):
        StreamingResponse("", cookies=["a=1", cookie])


def test_a_prelude_has_a_limit() -> None:
    """API Gateway looks for the delimiter in the first 16 KB, so more is refused while it can be."""
    with pytest.raises(InvalidStream, match="16384 can be streamed"):
        StreamingResponse("", cookies=["x" * 20_000]).begin(json.dumps)


def test_what_was_changed_is_checked_again() -> None:
    """A response may be changed until it is sent, but not into one that cannot be."""
    response = StreamingResponse("")
    response.status_code = 1000

    with pytest.raises(InvalidStream, match="1000"):
        response.begin(json.dumps)
