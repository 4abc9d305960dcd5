"""What substitutes are made of, and what has none; `test_payload` compares their text with the official."""

from __future__ import annotations

import _pydecimal
import decimal
from _json import encode_basestring
from typing import Any, NamedTuple

import pytest

from aioric.function.native import encoder
from aioric.function.substitutes import SubstitutingEncoder

ENCODE = SubstitutingEncoder(encoder, encode_basestring).encode


class Point(NamedTuple):
    x: object


class Octets(bytes):
    __slots__ = ()


class Rows(list[Any]):
    __slots__ = ()


@pytest.mark.parametrize(
    "digits", ["0", "-0", "12", "-12", "1.5", "1.50", "1E+3", "0.1", "1E-7", "99999999999999999999", "0.3000"]
)
def test_decimals_keep_their_digits(digits: str) -> None:
    """A number is written with the digits that the decimal has, whichever of the two decimals it is."""
    numbers = [decimal.Decimal(digits), _pydecimal.Decimal(digits), "text"]

    assert f'[{digits}, {digits}, "text"]' == ENCODE(numbers)


def test_everything_with_a_json_form_has_a_substitute() -> None:
    """Named tuples, subclasses and bytes are written like what they stand for."""
    result = [Point(Rows([Octets(b"x"), b"y"])), (1, None), decimal.Decimal("NaN")]

    assert ENCODE(result) == '[{"x": ["x", "y"]}, [1, null], NaN]'


@pytest.mark.parametrize(
    "result",
    [{1}, [b"\xff"], {b"key": 1}, {decimal.Decimal(1): 1}],
    ids=["set", "bytes", "bytes as key", "key"],
)
def test_what_may_have_no_json_form_is_left_to_the_careful_encoder(result: object) -> None:
    """Nothing is refused in words of our own."""
    with pytest.raises((TypeError, ValueError)):
        ENCODE(result)


def test_a_circle_with_branches_is_refused_in_time() -> None:
    """The first way around is the last."""
    circle: list[Any] = []
    circle += [circle, circle, circle]

    with pytest.raises(RecursionError):
        ENCODE(circle)
