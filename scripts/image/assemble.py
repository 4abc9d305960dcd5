"""Prepare what the image adds to its base: less weight, and bytecode that is always valid.

Runs in the Dockerfile's build stage, in the interpreter that the image ships.

The bytecode is `unchecked-hash`. The official Python images ship next to none, a function's file system
is read-only, and so every cold start would compile every module again. Bytecode checked by time stamps
goes stale when a builder rewrites them to make images reproducible; bytecode checked by hash reads each
source file as well, on storage that loads an image's blocks when they are first read. Nothing in these
folders is ever edited.
"""

from __future__ import annotations

import compileall
import importlib.util
import os
import py_compile
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

UNCHECKED = py_compile.PycInvalidationMode.UNCHECKED_HASH
RUNTIME = "var/runtime"
EMULATOR = "usr/local/lib/aioric-emulator"

# No function imports these. Bytecode for them would be weight.
IDLE_PARTS = frozenset(
    {"test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data", "__phello__"}
    | {"site-packages", "dist-packages", "__pycache__"}
)
# What wheels carry for those who compile or type-check against them.
SOURCE_SUFFIXES = frozenset({".c", ".h", ".pxd", ".pyx", ".pyi"})


def main() -> None:
    """Prepare the folder named on the command line, as it will lie over the base image's root."""
    out = Path(sys.argv[1])
    runtime, emulator = out / RUNTIME, out / EMULATOR
    # Folders that the function's side expects: its code, layers, extensions.
    for folder in ("var/task", "opt", "var/runtime/lib"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    # The emulator stays with the interpreter that its packages were installed for.
    (emulator / "python").symlink_to(os.path.realpath(sys.executable))
    for package in runtime, emulator:
        prune(package)
        strip(package)
        compile_package(package, out)
    compile_stdlib(out)
    make_readable(out)


def prune(folder: Path) -> None:
    """Leave only what can be imported, and the metadata that says what it is."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.suffix in SOURCE_SUFFIXES or (path.name == "bin" and path.parent == folder):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def strip(folder: Path) -> None:
    """Take the symbols of extension modules out."""
    libraries = sorted(str(path) for path in folder.rglob("*.so"))
    if libraries:
        subprocess.run(
            ["strip", "--strip-unneeded", "--enable-deterministic-archives", *libraries], check=True
        )


def compile_package(folder: Path, out: Path) -> None:
    """Compile in place, with the names that the files will have in the image."""
    if not compileall.compile_dir(
        folder, quiet=1, force=True, stripdir=str(out), prependdir="/", invalidation_mode=UNCHECKED
    ):
        sys.exit(f"{folder} does not compile")


def compile_stdlib(out: Path) -> None:
    """Compile the standard library into `out`, in a fixed order: the bytes depend on what came before."""
    library = Path(sysconfig.get_path("stdlib"))
    for source in sorted(library.rglob("*.py")):
        if IDLE_PARTS.isdisjoint(source.relative_to(library).parts) and source.name != "turtle.py":
            cache = Path(importlib.util.cache_from_source(str(source)))
            target = out / cache.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            py_compile.compile(
                str(source), str(target), str(source), doraise=True, quiet=2, invalidation_mode=UNCHECKED
            )


def make_readable(out: Path) -> None:
    """Whoever runs the function may read everything and write nothing."""
    for path in (out, *out.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.name in {"bootstrap", "lambda-entrypoint.sh"}
            path.chmod(0o755 if executable else 0o644)


if __name__ == "__main__":
    main()
