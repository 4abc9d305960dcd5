"""Why a text is not JSON, and where: the words that awslambdaric's decoder puts into its errors.

The interpreter's own scanner says that something is wrong, in other words and without always
saying where. This module walks to the first fault: at each level it lets that scanner skip the
elements that are sound, and descends into the one that is not.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_SPACE = " \t\n\r"
_HEX = frozenset("0123456789abcdefABCDEF")
_ESCAPES = frozenset('"\\/bfnrt')


class Malformed(ValueError):
    """The first fault of a text that is not JSON.

    Args:
        reason: What is wrong.
        text: The whole text.
        position: Where, in characters from its start.
        end: Where the fault ends, if it is a stretch.
    """

    def __init__(self, reason: str, text: str, position: int, end: int | None = None) -> None:
        if end is None:
            super().__init__(f"{reason}: {_place(text, position)} (char {position})")
        else:
            stretch = f"{_place(text, position)} - {_place(text, end)}"
            super().__init__(f"{reason}: {stretch} (char {position} - {end})")


class Examiner:
    """Finds the first fault in a text.

    Args:
        text: The text, known to be no JSON.
        scan: A scanner of the interpreter: `scan(text, position)` returns a value and where it
            ends, and raises whatever it likes on a fault.
    """

    __slots__ = ("_scan", "_text")

    def __init__(self, text: str, scan: Callable[[str, int], tuple[Any, int]]) -> None:
        self._text = text
        self._scan = scan

    def examine(self, position: int) -> Any:
        """The value of the text, whose first character that is not space is at `position`.

        Raises:
            Malformed: There is no such value.
        """
        value, end = self._value(position)
        end = self._skip_space(end)
        if end != len(self._text):
            raise Malformed("Extra data", self._text, end, len(self._text))
        return value

    def _value(self, position: int) -> tuple[Any, int]:
        try:
            return self._scan(self._text, position)
        except RecursionError:
            raise
        except Exception as error:
            # A plain ValueError comes from `int`, about too many digits; a scanner's is a subclass.
            if type(error) is ValueError:
                raise
        opening = self._text[position : position + 1]
        if opening == "{":
            self._object(position + 1)
        elif opening == "[":
            self._array(position + 1)
        elif opening == '"':
            self._string(position)
        raise Malformed("Expecting value", self._text, position)

    def _object(self, position: int) -> None:
        position = self._skip_space(position)
        if self._text[position : position + 1] != '"':
            raise self._fault("Expecting property name enclosed in double quotes or '}'", position)
        while True:
            position = self._skip_space(self._key(position))
            if self._text[position : position + 1] != ":":
                raise self._fault("Expecting ':' delimiter", position)
            position = self._skip_space(self._value(self._skip_space(position + 1))[1])
            comma = self._comma(position, "}")
            position = self._skip_space(comma + 1)
            character = self._text[position : position + 1]
            if character == "}":
                raise self._fault("Illegal trailing comma before end of object", comma)
            if character != '"':
                raise self._fault("Expecting property name enclosed in double quotes", position)

    def _array(self, position: int) -> None:
        position = self._skip_space(position)
        if position == len(self._text):
            raise self._fault("Expecting value or ']'", position)
        while True:
            position = self._skip_space(self._value(position)[1])
            comma = self._comma(position, "]")
            position = self._skip_space(comma + 1)
            if self._text[position : position + 1] == "]":
                raise self._fault("Illegal trailing comma before end of array", comma)

    def _comma(self, position: int, closing: str) -> int:
        if self._text[position : position + 1] != ",":
            raise self._fault(f"Expecting ',' delimiter or '{closing}'", position)
        return position

    def _key(self, position: int) -> int:
        return self._value(position)[1]

    def _string(self, opening: int) -> None:
        text = self._text
        position = opening + 1
        while position < len(text):
            character = text[position]
            if character == "\\":
                position = self._escape(position, opening)
            elif character < " ":
                raise self._fault(f"Invalid control character {character!r} at", position)
            else:
                position += 1
        raise self._fault("Unterminated string starting at", opening)

    def _escape(self, backslash: int, opening: int) -> int:
        escape = self._text[backslash + 1 : backslash + 2]
        if not escape:
            raise self._fault("Unterminated string starting at", opening)
        if escape in _ESCAPES:
            return backslash + 2
        if escape != "u":
            raise self._fault(f"Invalid \\X escape sequence {escape!r}", backslash + 1)
        digits = self._text[backslash + 2 : backslash + 6]
        if len(digits) < 4 or not _HEX.issuperset(digits):  # noqa: PLR2004 - \uXXXX has four digits
            raise self._fault("Invalid \\uXXXX escape sequence", backslash)
        return backslash + 6

    def _skip_space(self, position: int) -> int:
        return skip_space(self._text, position)

    def _fault(self, reason: str, position: int) -> Malformed:
        return Malformed(reason, self._text, position)


def skip_space(text: str, position: int) -> int:
    """The position of the first character from `position` on that is not JSON's white space."""
    while text[position : position + 1] in _SPACE and position < len(text):
        position += 1
    return position


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"line {line} column {column}"
