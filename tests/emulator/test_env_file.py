"""Variables from a file, and which line is at fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aioric_emulator.env_file import EnvFileError, load_env_file, read_env_file

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_file_is_text(tmp_path: Path) -> None:
    """What is no UTF-8 is named by file and line."""
    file = tmp_path / "vars.env"
    file.write_bytes(b"A=1\nB=\xc3\xa9\nC=\xff\n")
    with pytest.raises(EnvFileError, match=r"^vars\.env, line 3: it is no UTF-8$"):
        load_env_file(file, "vars.env")
    file.write_bytes(b"A=1\nB=\xc3\xa9\n")
    assert load_env_file(file, "vars.env") == {"A": "1", "B": "é"}
