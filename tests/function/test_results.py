"""What the careful encoder does beyond the results that `test_payload` compares with the official client."""

from __future__ import annotations

import _pydecimal
import decimal
from _json import encode_basestring
from typing import Any

import pytest

from aioric.function.results import Encoder


def test_both_decimals_of_the_standard_library_are_numbers() -> None:
    """The pure Python `Decimal` is as good as the one written in C."""
    numbers = [decimal.Decimal("1.10"), _pydecimal.Decimal("2.20")]

    assert Encoder(encode_basestring).encode(numbers) == "[1.10, 2.20]"


def test_something_else_called_decimal_is_not_a_number() -> None:
    """A class is known by its module too."""

    class Decimal:
        pass

    with pytest.raises(TypeError, match="Object of type Decimal is not JSON serializable"):
        Encoder(encode_basestring).encode([Decimal()])


def test_depth_is_limited() -> None:
    """A result that is nested too deeply is refused in the words that the fast encoder has for it."""
    value: list[Any] = []
    for _ in range(40_000):
        value = [value]

    with pytest.raises(RecursionError, match="maximum recursion depth exceeded while encoding a JSON object"):
        Encoder(encode_basestring).encode(value)


def test_a_dict_with_an_asdict_of_its_own_kind_stays_a_dict() -> None:
    """An `_asdict` that cannot be called without arguments means something else."""

    class Fields(dict[str, int]):
        def _asdict(self, _depth: int) -> dict[str, int]:
            return {}

    assert Encoder(encode_basestring).encode(Fields(a=1)) == '{"a": 1}'
