"""A task root full of files named like the standard library, like our dependencies, and like us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aioric_emulator import Emulator

# What asyncio, logging, json and traceback import on their way, what they are, and what we use.
NAMES = [
    "_socket",
    "_json",
    "abc",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "base64",
    "bisect",
    "calendar",
    "codecs",
    "collections",
    "concurrent",
    "config",
    "contextlib",
    "contextvars",
    "copy",
    "copyreg",
    "csv",
    "ctypes",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "dis",
    "drivers",
    "email",
    "enum",
    "errors",
    "faults",
    "function",
    "functools",
    "gc",
    "glob",
    "hashlib",
    "heapq",
    "hmac",
    "http",
    "identity",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "linecache",
    "loader",
    "locale",
    "logging",
    "logs",
    "marshal",
    "math",
    "messages",
    "multiprocessing",
    "numbers",
    "opcode",
    "operator",
    "orjson",
    "pathlib",
    "payload",
    "pickle",
    "platform",
    "protocol",
    "queue",
    "random",
    "re",
    "runpy",
    "select",
    "selectors",
    "shutil",
    "signal",
    "socket",
    "sre_compile",
    "ssl",
    "startup",
    "stat",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "sysconfig",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "token",
    "tokenize",
    "traceback",
    "types",
    "typing",
    "urllib",
    "uuid",
    "uvloop",
    "version",
    "warnings",
    "weakref",
]

HANDLERS = {
    "sync": "def handler(event, context):\n    return {'ok': 1}\n",
    "async": "async def handler(event, context):\n    return {'ok': 1}\n",
    "raising": "def handler(event, context):\n    raise KeyError('gone')\n",
    "raising async": "async def handler(event, context):\n    raise KeyError('gone')\n",
    "failing import": "import nothing_of_this_name\n",
}


@pytest.fixture
def task_root(tmp_path: Path) -> Path:
    """A folder in which every one of the names is a file that must not run."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('the function\\'s own {name}.py ran')\n")
    return tmp_path


def test_the_list_is_long_enough() -> None:
    """At least 25 names are taken."""
    assert len(set(NAMES)) >= 25


@pytest.mark.parametrize("case", HANDLERS)
async def test_nothing_changes(serve: Callable[..., Emulator], task_root: Path, case: str) -> None:
    """Answers, errors and init errors are what they would be in an empty folder."""
    (task_root / "app.py").write_text(HANDLERS[case])
    async with serve("app.handler", task_root=task_root) as fn:
        result = await fn.invoke({})

    if case in ("sync", "async"):
        assert result.payload == {"ok": 1}, fn.logs
    elif case.startswith("raising"):
        assert result.payload["errorType"] == "KeyError"
        assert "in handler" in result.payload["stackTrace"][0]
    else:
        assert result.payload["errorType"] == "Runtime.ImportModuleError"
        assert "nothing_of_this_name" in result.payload["errorMessage"]
