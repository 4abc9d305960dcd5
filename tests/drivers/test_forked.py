"""The end of a process that a handler has forked."""

from __future__ import annotations

import subprocess
import sys

import pytest

CHILD = """
import atexit, sys
from aioric.drivers import forked
atexit.register(print, "at exit")
{prelude}
try:
    {raising}
except BaseException as error:
    forked.end(error)
"""


@pytest.mark.parametrize(
    ("raising", "status", "said"),
    [
        ("sys.exit()", 0, b""),
        ("sys.exit(7)", 7, b""),
        ("sys.exit(256 + 3)", 3, b""),
        ("sys.exit('enough')", 1, b"enough\n"),
        ("raise ValueError('odd')", 1, b"ValueError: odd\n"),
    ],
)
@pytest.mark.parametrize("interpreter", [False, True])
def test_it_ends_as_the_interpreter_would(
    raising: str, status: int, said: bytes, *, interpreter: bool
) -> None:
    """Its status, what it says and its hooks are those of a process that such an error leaves."""
    source = CHILD.format(prelude="", raising=raising)
    if interpreter:
        source = source.replace("forked.end(error)", "raise")
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (status, b"at exit\n")
    assert ended.stderr.endswith(said)
    assert bool(ended.stderr) == bool(said)


@pytest.mark.parametrize(
    ("prelude", "raising", "status"),
    [
        ("sys.stderr.close()", "sys.exit(7)", 7),
        ("sys.stderr.close()", "sys.exit('enough')", 1),
        ("sys.stdout = sys.stderr = None", "sys.exit(7)", 7),
        ("sys.excepthook = None", "raise ValueError('odd')", 1),
        ("atexit.register(sys.exit, 5)", "sys.exit(7)", 7),
    ],
)
def test_nothing_stands_in_its_way(prelude: str, raising: str, status: int) -> None:
    """A closed log, no log, a hook that cannot be called or exits: it ends, and does not go on."""
    source = CHILD.format(prelude=prelude, raising=raising) + "print('went on')"
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, check=False)
    assert ended.returncode == status
    assert b"went on" not in ended.stdout
