"""Which Runtime API serves the contestants: the one in C where a compiler is, the one in Python elsewhere."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parent
CACHE = SOURCES.parent / ".cache" / "bench"


def command(event: Path, lanes: int) -> list[str]:
    """The server's command line, for an event in a file and a number of lanes."""
    binary = compiled("runtime_api.c")
    program = [str(binary)] if binary else [sys.executable, "-m", "bench.runtime_api"]
    return [*program, str(event), str(lanes)]


def name() -> str:
    """The source of the server that will be taken, for those who read the figures."""
    return "bench/runtime_api.c" if compiled("runtime_api.c") else "bench/runtime_api.py (no C compiler here)"


@cache
def compiled(source: str, *options: str) -> Path | None:
    """Compile a file of this folder, once for each version of it; None where there is no compiler.

    Raises:
        CalledProcessError: The compiler does not like it.
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    path = SOURCES / source
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    binary = CACHE / f"{path.stem}-{digest}"
    if not binary.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            fresh = Path(folder) / path.stem
            subprocess.run([compiler, "-O2", "-Wall", "-o", fresh, path, *options], check=True)
            fresh.replace(binary)
    return binary
