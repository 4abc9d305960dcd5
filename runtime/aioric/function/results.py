"""JSON for results beyond the built-in types, as simplejson writes it for awslambdaric.

Slow and careful: `payload` comes here only with what the interpreter's encoder gets wrong or refuses.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


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
            RecursionError: It is nested too deeply.
        """
        parts: list[str] = []
        try:
            self._write(result, parts.append, set())
        except RecursionError as error:
            raise RecursionError("maximum recursion depth exceeded while encoding a JSON object") from error
        return "".join(parts)

    def _write(self, value: Any, append: Callable[[str], None], within: set[int]) -> None:
        # One function for all containers: each level of nesting may take one frame of the stack only.
        text = self._scalar(value)
        if text is not None:
            append(text)
            return
        if id(value) in within:
            raise ValueError("Circular reference detected")
        within.add(id(value))
        fields = _fields_of(value)
        if fields is not None:
            opening = "{"
            for key, element in fields.items():
                append(f"{opening}{self._key(key)}: ")
                self._write(element, append, within)
                opening = ", "
            append("{}" if opening == "{" else "}")
        elif isinstance(value, list | tuple):
            opening = "["
            for element in value:
                append(opening)
                self._write(element, append, within)
                opening = ", "
            append("[]" if opening == "[" else "]")
        else:
            raise TypeError(f"Object of type {value.__class__.__name__} is not JSON serializable")
        within.discard(id(value))

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
