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


def test_it_ends_with_its_log_closed() -> None:
    """A closed stream does not stand in the way."""
    source = CHILD.format(prelude="sys.stderr.close()", raising="sys.exit(7)")
    assert subprocess.run([sys.executable, "-c", source], capture_output=True, check=False).returncode == 7
