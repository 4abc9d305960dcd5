"""The first fault of a text is found, and named as simplejson names it; the events' tests ask it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aioric.function.malformed import Examiner, Malformed, skip_space

scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # public, but typeshed lacks it

FAULTS = {
    "[": "Expecting value or ']': line 1 column 2 (char 1)",
    "[1\n 2]": "Expecting ',' delimiter or ']': line 2 column 2 (char 4)",
    "[1,]": "Illegal trailing comma before end of array: line 1 column 3 (char 2)",
    "{": "Expecting property name enclosed in double quotes or '}': line 1 column 2 (char 1)",
    '{"a"}': "Expecting ':' delimiter: line 1 column 5 (char 4)",
    '{"a": }': "Expecting value: line 1 column 7 (char 6)",
    '{"a": 1 "': "Expecting ',' delimiter or '}': line 1 column 9 (char 8)",
    '{"a": 1,}': "Illegal trailing comma before end of object: line 1 column 8 (char 7)",
    '{"a": 1, 2': "Expecting property name enclosed in double quotes: line 1 column 10 (char 9)",
    '["a", "b': "Unterminated string starting at: line 1 column 7 (char 6)",
    '"\\n\\': "Unterminated string starting at: line 1 column 1 (char 0)",
    '"\\n\\x"': "Invalid \\X escape sequence 'x': line 1 column 5 (char 4)",
    '"\\u00e9\\u00g9"': "Invalid \\uXXXX escape sequence: line 1 column 8 (char 7)",
    '"é\t"': "Invalid control character '\\t' at: line 1 column 3 (char 2)",
    '{"a\n": 1}': "Invalid control character '\\n' at: line 1 column 4 (char 3)",
    "1 \n 2 ": "Extra data: line 2 column 2 - line 2 column 4 (char 4 - 6)",
    "": "Expecting value: line 1 column 1 (char 0)",
}


@pytest.mark.parametrize(("text", "message"), FAULTS.items(), ids=[repr(text) for text in FAULTS])
def test_the_first_fault_is_named(text: str, message: str) -> None:
    """A message says what is wrong, and where by line, column and character."""
    with pytest.raises(Malformed) as caught:
        Examiner(text, scan).examine(0)

    assert message == str(caught.value)


def test_a_sound_text_has_a_value() -> None:
    """Where there is no fault the examiner returns the value."""
    assert Examiner(" [1] ", scan).examine(1) == [1]


@pytest.mark.parametrize("error", [RecursionError("too deep"), ValueError("too many digits")])
def test_complaints_that_are_not_about_syntax_are_passed_on(error: Exception) -> None:
    """What the scanner says of depth and of digits is what the caller hears."""

    def complain(_text: str, _position: int) -> tuple[Any, int]:
        raise error

    with pytest.raises(type(error)) as caught:
        Examiner("[1]", complain).examine(0)

    assert caught.value is error


@pytest.mark.parametrize(("text", "end"), [("", 0), (" \t\r\n", 4), ("  x ", 2), ("\u00a0", 0)])
def test_space_is_what_json_calls_so(text: str, end: int) -> None:
    """Space, tab, carriage return and newline are skipped, nothing else."""
    assert skip_space(text, 0) == end
