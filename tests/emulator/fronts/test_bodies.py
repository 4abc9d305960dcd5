"""Bodies within events: text or base64."""

from __future__ import annotations

import pytest

from aioric_emulator.fronts.bodies import encode_body, is_among, media_type

TEXT = (
    "text/plain",
    "TEXT/HTML; charset=utf-8",
    "application/json",
    "application/xml",
    "application/javascript",
)
# A form is none of the text types, to the surprise of many: that is how AWS has it.
BINARY = ("", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "image/png")


@pytest.mark.parametrize("content_type", TEXT)
def test_text_is_text(content_type: str) -> None:
    """Five types are sent as they are."""
    assert encode_body("é".encode(), content_type) == {"body": "é", "isBase64Encoded": False}


@pytest.mark.parametrize("content_type", BINARY)
def test_all_else_is_base64(content_type: str) -> None:
    """Also where it could be text."""
    assert encode_body(b"a=b", content_type) == {"body": "YT1i", "isBase64Encoded": True}


def test_text_that_is_none_is_base64() -> None:
    """A type that promises text does not make it so."""
    assert encode_body(b"\xff", "text/plain") == {"body": "/w==", "isBase64Encoded": True}


@pytest.mark.parametrize(
    ("header", "patterns", "expected"),
    [
        ("image/png", ["image/png"], True),
        ("image/png;q=0.9, text/html", ["image/*"], True),
        ("text/html, image/png", ["image/*"], False),
        ("*/*", ["image/png"], False),
        ("anything/else", ["*/*"], True),
        ("IMAGE/PNG", ["Image/PNG"], True),
        ("image/png", [], False),
    ],
)
def test_a_type_is_among_patterns(header: str, patterns: list[str], expected: bool) -> None:  # noqa: FBT001 - a table's column
    """The first type of a header, which a pattern may name by its family."""
    assert is_among(media_type(header), patterns) is expected
