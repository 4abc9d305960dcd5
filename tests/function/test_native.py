"""The interpreter's scanner and encoder, and what stands in for them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aioric.function.native import encoder, scanner


def changed(*_: object) -> Any:
    """An interpreter's function that wants to be called otherwise."""
    raise TypeError("another signature")


@pytest.mark.parametrize("scan", [scanner(), scanner(changed)], ids=["native", "public"])
def test_a_scanner_finds_a_value_and_its_end(scan: Any) -> None:
    """However it was made, it reads JSON from a position on, and refuses what only Python calls JSON."""
    assert scan(' {"a": [1, 2.5, null]} x', 1) == ({"a": [1, 2.5, None]}, 22)
    with pytest.raises(LookupError, match="NaN"):
        scan("[NaN]", 0)


def test_an_encoder_writes_text() -> None:
    """Values are written with the separators of awslambdaric; others are asked about."""
    encode = encoder(lambda value: f"<{type(value).__name__}>", json.dumps)

    assert encode({"a": [1, (None, True)], "b": set()}) == '{"a": [1, [null, true]], "b": "<set>"}'


def test_an_encoder_that_cannot_be_made_refuses() -> None:
    """Where the interpreter wants to be called otherwise, other encoders must do the work."""
    with pytest.raises(TypeError):
        encoder(str, json.dumps, changed)([])
