"""JSON for results beyond the built-in types, as simplejson writes it for awslambdaric.

Slow and careful: `payload` comes here only with what the interpreter's encoder gets wrong or refuses.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


# Where simplejson gives up on Python 3.13; on 3.11 it does so at about a tenth of it.
_MAX_DEPTH = 9_990


class Encoder:
    """Turns results into JSON text.

    Args:
        quote: Turns a `str` into a JSON string.
    """

    __slots__ = ("_quote",)

    def __init__(self, quote: Callable[[str], str]) -> None:
        self._quote = quote

    def encode(self, result: Any) -> str:
        """`result` as JSON text.

        Raises:
            TypeError: Something in it has no JSON form.
            ValueError: It contains itself, or bytes that are not UTF-8.
            RecursionError: It is nested more than 9,990 levels deep.
        """
        parts: list[str] = []
        # The containers that are being written: what is left of each, and how it ends. A list
        # instead of recursion, whose depth would depend on where we are called from.
        levels = [(iter([("", result)]), "", 0)]
        within: set[int] = set()
        while levels:
            elements, closing, identity = levels[-1]
            for prefix, value in elements:
                parts.append(prefix)
                text = self._scalar(value)
                if text is None:
                    if id(value) in within:
                        raise ValueError("Circular reference detected")
                    if len(levels) > _MAX_DEPTH:
                        raise RecursionError("maximum recursion depth exceeded while encoding a JSON object")
                    within.add(id(value))
                    levels.append((*self._container(value), id(value)))
                    break
                parts.append(text)
            else:
                parts.append(closing)
                within.discard(identity)
                levels.pop()
        return "".join(parts)

    def _container(self, value: Any) -> tuple[Iterator[tuple[str, Any]], str]:
        """What to write before each element, the elements, and what to write after them."""
        fields = _fields_of(value)
        if fields is not None:
            return (self._members(fields), "}") if fields else (iter(()), "{}")
        if isinstance(value, list | tuple):
            return (_items(value), "]") if value else (iter(()), "[]")
        raise TypeError(f"Object of type {value.__class__.__name__} is not JSON serializable")

    def _members(self, fields: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
        opening = "{"
        for key, value in fields.items():
            yield f"{opening}{self._key(key)}: ", value
            opening = ", "

    def _scalar(self, value: Any) -> str | None:
        if isinstance(value, str | bytes):
            return self._string(value)
        text = _bare(value)
        return _raw(value) if text is None else text

    def _string(self, value: str | bytes) -> str:
        return self._quote(str(value, "utf-8") if isinstance(value, bytes) else value)

    def _key(self, key: Any) -> str:
        if isinstance(key, str | bytes):
            return self._string(key)
        text = _bare(key)
        if text is None:
            raise TypeError(f"keys must be str, int, float, bool or None, not {key.__class__.__name__}")
        return f'"{text}"'


def _items(values: list[Any] | tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    opening = "["
    for value in values:
        yield opening, value
        opening = ", "


def _bare(value: Any) -> str | None:
    """What JSON writes without quotes: numbers and names. Subclasses' own `repr` is not trusted."""
    for constant, name in ((None, "null"), (True, "true"), (False, "false")):
        if value is constant:
            return name
    if isinstance(value, int):
        return int.__repr__(value)
    return _float(value) if isinstance(value, float) else None


def _float(value: float) -> str:
    text = float.__repr__(value)
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)


def _fields_of(value: Any) -> dict[Any, Any] | None:
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


def _raw(value: Any) -> str | None:
    """The text of a `Decimal`, which becomes a number, or of simplejson's `RawJSON`."""
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
