"""Variables from a file, and which line is at fault."""

from __future__ import annotations

import pytest

from aioric_emulator.env_file import EnvFileError, read_env_file


def test_lines_are_variables() -> None:
    """Comments, quotes and exports; nothing is expanded."""
    text = "# comment\n\nA=1\nexport B = two words \nC='# $A'\nD=\"x=y\"\nE=\n_F=é\n"
    assert read_env_file(text, "f") == {
        "A": "1",
        "B": "two words",
        "C": "# $A",
        "D": "x=y",
        "E": "",
        "_F": "é",
    }


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("A", "'A' has no '='"),
        ("1A=1", "'1A' is not the name of a variable"),
        ("=1", "'' is not the name of a variable"),
        ("A='1", "the quote ' is not closed"),
        ('A="', 'the quote " is not closed'),
        ("A=\0", "the value of A holds a NUL"),
    ],
)
def test_a_fault_names_its_line(line: str, fault: str) -> None:
    """Counting from one."""
    with pytest.raises(EnvFileError) as raised:
        read_env_file(f"X=1\n{line}\n", "vars.env")
    assert str(raised.value) == f"vars.env, line 2: {fault}"
