"""Results beyond the built-in types in built-in types, so that the interpreter's encoder can write them.

Decimals (DynamoDB's tables are full of them), named tuples, enumerations and other subclasses. What
has no substitute, or might be refused in other words than the official ones, is left to `results`.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SCALARS = frozenset([str, int, float, bool, type(None), bytes])


class SubstitutingEncoder:
    """Turns results into JSON text by way of substitutes.

    Args:
        encoder: Makes a function that encodes, see `native.encoder`.
        quote: Turns a `str` into a JSON string.
    """

    __slots__ = ("_encode", "_encode_with_numbers")

    def __init__(
        self,
        encoder: Callable[[Callable[[Any], str], Callable[[str], str]], Callable[[Any], str]],
        quote: Callable[[str], str],
    ) -> None:
        def quote_text(text: str) -> str:
            return str.__str__(text) if type(text) is _Number else quote(text)

        self._encode = encoder(bytes.decode, quote)
        # Half as fast, since it asks us about each string.
        self._encode_with_numbers = encoder(bytes.decode, quote_text)

    def encode(self, result: Any) -> str:
        """`result` as JSON text.

        Raises:
            Exception: `results` must look at it; it may or may not have a JSON form.
        """
        substitution = _Substitution()
        substitute = substitution.of(result)
        return (self._encode_with_numbers if substitution.has_numbers else self._encode)(substitute)


class _Number(str):
    """The text of a number that no `int` or `float` would write so."""

    __slots__ = ()


class _Substitution:
    """One result's way into built-in types."""

    __slots__ = ("has_numbers",)

    def __init__(self) -> None:
        self.has_numbers = False

    def of(self, value: Any) -> Any:
        """Something of built-in types that has the JSON form of `value`."""
        kind = type(value)
        if kind is dict:
            return self._dict(value)
        if kind is list or kind is tuple:
            return self._list(value)
        if isinstance(value, (str, int, float)) or value is None:
            return value
        if isinstance(value, bytes):
            return str(value, "utf-8")
        fields = fields_of(value)
        if fields is not None:
            return self._dict(fields)
        return self._list(value) if isinstance(value, (list, tuple)) else self._number(value)

    def _dict(self, fields: dict[Any, Any]) -> dict[Any, Any]:
        return {key: value if type(value) in _SCALARS else self.of(value) for key, value in fields.items()}

    def _list(self, values: list[Any] | tuple[Any, ...]) -> list[Any]:
        return [value if type(value) in _SCALARS else self.of(value) for value in values]

    def _number(self, value: Any) -> int | float | _Number:
        text = raw_text(value)
        if text is None:
            raise TypeError
        if text.isascii() and text.isdigit():
            return int(text)
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if float.__repr__(number) == text:
            return number
        self.has_numbers = True
        return _Number(text)


def fields_of(value: Any) -> dict[Any, Any] | None:
    """What makes `value` an object: it is a `dict`, or gives one as its `_asdict()`, as named tuples do."""
    method = getattr(value, "_asdict", None)
    try:
        fields = method() if callable(method) else value
    except TypeError:
        # It wants arguments, so it is something else that has this name.
        return value if isinstance(value, dict) else None
    if isinstance(fields, dict):
        return fields
    if fields is not value:
        raise TypeError(f"_asdict() must return a dict, not {type(fields).__name__}")
    return None


def raw_text(value: Any) -> str | None:
    """The text that a `Decimal` or simplejson's `RawJSON` puts into JSON as it is; `None` for all others."""
    for base in type(value).__mro__:
        # By name: whoever made a Decimal has imported the module, but perhaps another one of the two
        # that the standard library has.
        if base.__name__ == "Decimal" and base.__module__ == "decimal":
            return "NaN" if value.is_nan() else str(value)
    raw_json = getattr(sys.modules.get("simplejson.raw_json"), "RawJSON", None)
    if raw_json is not None and isinstance(value, raw_json):
        text: str = value.encoded_json
        return text
    return None
