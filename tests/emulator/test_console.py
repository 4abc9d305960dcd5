"""Lines as a person in front of a terminal sees them."""

from __future__ import annotations

import re

from aioric_emulator.console import paint

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def test_an_invocation_has_a_mark_and_a_colour() -> None:
    """Each of its lines, and the same ones every time."""
    painted = paint("one\ntwo", "12345678-aaaa")
    assert ESCAPES.sub("", painted) == "12345678 | one\n12345678 | two"
    colours = {ESCAPES.findall(paint("x", f"{number:08}-"))[0] for number in range(100)}
    assert len(colours) == 6
