"""Make the zip for functions and layers without a container: bootstrap, runtime, bytecode that stays valid.

Unpacked in a function's folder or as a layer it is the runtime of `provided.al2023`; with `aioric-wrapper`
it takes the place of the client of a managed Python. A function's folder is read-only, so bytecode is brought
along, for each interpreter that is named. The same source and interpreters give the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_TIME = (1980, 1, 1, 0, 0, 0)
EXECUTABLES = frozenset({"bootstrap", "aioric-wrapper"})


def main() -> None:
    """Stage, compile, pack."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "aioric.zip")
    parser.add_argument(
        "interpreters", nargs="*", default=[sys.executable], help="make bytecode for these, e.g. python3.13"
    )
    arguments = parser.parse_args()
    output: Path = arguments.output
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stage(Path(folder))
        for interpreter in arguments.interpreters:
            compile_for(interpreter, Path(folder))
        pack(Path(folder), output)
    print(f"{output}: {output.stat().st_size:,} bytes")  # noqa: T201 - the script's result


def stage(folder: Path) -> None:
    """Copy what ships."""
    shutil.copy(ROOT / "bootstrap", folder)
    shutil.copy(ROOT / "scripts" / "aioric-wrapper", folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "runtime" / "aioric", folder / "runtime" / "aioric", ignore=ignored)


def compile_for(interpreter: str, folder: Path) -> None:
    """Compile by hash, not by time: unpacking gives the files another time."""
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/opt"]
    subprocess.run([interpreter, "-m", "compileall", *options, str(folder / "runtime")], check=True)


def pack(folder: Path, output: Path) -> None:
    """Write the files in order, readable by all, with no time of their own."""
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if path.name in EXECUTABLES else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())


if __name__ == "__main__":
    main()
