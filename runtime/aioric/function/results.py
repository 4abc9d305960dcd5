"""JSON for any result, as simplejson writes it for awslambdaric, and why a result has none.

Slow and careful: `payload` comes here only with what faster encoders have refused.
"""

from __future__ import annotations

import sys

from aioric.function.substitutes import fields_of, raw_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
# Where simplejson gives up, or later: on 3.11 at a tenth of it, on 3.13 here, and since 3.14 where the
# stack ends, which is here with the usual 8 MiB.
_MAX_DEPTH = 9_990 if sys.version_info < (3, 14) else 34_800


class Encoder:
    """Turns results into JSON text.

    Args:
        quote: Turns a `str` into a JSON string.
    """

    __slots__ = ("_quote", "_writers")

    def __init__(self, quote: Callable[[str], str]) -> None:
        self._quote = quote
        self._writers: dict[type, Callable[[Any], str]] = {str: quote, int: int.__repr__, float: _float}

    def encode(self, result: Any) -> str:
        """`result` as JSON text.

        Raises:
            TypeError: Something in it has no JSON form.
            ValueError: It contains itself, or bytes that are not UTF-8.
            RecursionError: It is nested more than 9,990 levels deep, from Python 3.14 on 34,800.
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
        fields = fields_of(value)
        if fields is not None:
            return (self._members(fields), "}") if fields else (iter(()), "{}")
        if isinstance(value, (list, tuple)):
            return (_items(value), "]") if value else (iter(()), "[]")
        raise TypeError(f"Object of type {value.__class__.__name__} is not JSON serializable")

    def _members(self, fields: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
        opening = "{"
        for key, value in fields.items():
            yield f"{opening}{self._key(key)}: ", value
            opening = ", "

    def _scalar(self, value: Any) -> str | None:
        write = self._writers.get(type(value))
        if write is not None:
            return write(value)
        if type(value) in (dict, list, tuple):
            return None
        if isinstance(value, (str, bytes)):
            return self._string(value)
        text = _bare(value)
        return raw_text(value) if text is None else text

    def _string(self, value: str | bytes) -> str:
        return self._quote(str(value, "utf-8") if isinstance(value, bytes) else value)

    def _key(self, key: Any) -> str:
        if isinstance(key, (str, bytes)):
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
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    return _float(value) if isinstance(value, float) else None


def _float(value: float) -> str:
    text = float.__repr__(value)
    return _NOT_FINITE.get(text, text)
