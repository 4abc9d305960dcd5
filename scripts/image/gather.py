"""Gather the files of the `slim` image: the interpreter, the entry point's shell, and all that they load.

Runs in the Dockerfile's build stage. What is taken is found by asking the interpreter for its folders and the
dynamic linker for its libraries, so that one list fits an interpreter in /usr/local as well as the system's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

# What only a developer's machine needs of the standard library, and where packages are installed.
LEFT_OUT = frozenset(
    {"test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data", "turtle.py"}
    | {"site-packages", "dist-packages", "__pycache__", "__phello__"}
)
# Extension modules for tests, and for a windowing system.
LEFT_OUT_MODULES = re.compile(r"(_test|_ctypes_test|_xxtest|xx|_tkinter)")
# Names of hosts, services and users; certificates; time zones; which system this is. Where there is any.
SYSTEM = [
    "/etc/group",
    "/etc/host.conf",
    "/etc/localtime",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl",
    "/etc/timezone",
    "/usr/lib/locale/C.utf8",
    "/usr/lib/ssl",
    "/usr/share/ca-certificates",
    "/usr/share/zoneinfo",
]
OPEN_TO_ALL = ("tmp", "var/tmp")
EMPTY = ("dev", "proc", "root", "run", "sys")
# Loaded by name: the C library needs the first to end a thread, and wheels may count on both being there.
# https://peps.python.org/pep-0599/#the-manylinux2014-policy
UNLINKED = re.compile(r"^\s*lib(?:gcc_s\.so\.1|stdc\+\+\.so\.6) .* => (/\S+)$", re.MULTILINE)
ELF = b"\x7fELF"


def main() -> None:
    """Gather into the second folder: what is in the first, and what it takes to run it."""
    out, root = Path(sys.argv[1]), Path(sys.argv[2])
    root.mkdir()
    taken: set[Path] = set()
    for path in [*interpreter(), *map(Path, ("/bin/sh", *SYSTEM))]:
        for file in walk(path):
            take(file, root, taken)
    shutil.copytree(out, root, symlinks=True, dirs_exist_ok=True)
    cache = subprocess.run(["ldconfig", "-p"], check=True, capture_output=True, text=True).stdout
    for library in sorted({*libraries(root), *map(Path, UNLINKED.findall(cache))}):
        take(library, root, taken)
    for folder in EMPTY:
        (root / folder).mkdir(exist_ok=True)
    for folder in OPEN_TO_ALL:
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).chmod(0o1777)
    subprocess.run(["ldconfig", "-r", str(root)], check=True)
    shutil.rmtree(root / "var/cache/ldconfig", ignore_errors=True)
    describe_packages(root, taken)


def interpreter() -> list[Path]:
    """Give the interpreter's paths: its program by all its names, and its library."""
    names = [found for name in ("python3", "python") if (found := shutil.which(name))]
    paths = sysconfig.get_paths()
    return [Path(each) for each in (*names, sys.executable, paths["stdlib"], paths["platstdlib"])]


def walk(path: Path) -> list[Path]:
    """Give a path and, of a folder, everything below that is to be taken."""
    if not os.path.lexists(path):
        return []
    found = [path]
    if path.is_dir() and not path.is_symlink():
        for child in sorted(path.iterdir()):
            skipped = child.name in LEFT_OUT or child.name.startswith("config-")
            if not skipped and not (child.suffix == ".so" and LEFT_OUT_MODULES.match(child.name)):
                found += walk(child)
    return found


def take(path: Path, root: Path, taken: set[Path]) -> None:
    """Copy a file with the folders above it; a link in its way is copied, and then followed."""
    place = Path("/")
    for part in path.parts[1:]:
        place = place / part
        if place in taken:
            continue
        target = root / place.relative_to("/")
        if place.is_symlink():
            taken.add(place)
            target.symlink_to(place.readlink())
            rest = path.relative_to(place)
            take(Path(os.path.normpath(place.parent / place.readlink())) / rest, root, taken)
            return
        if place.is_dir():
            taken.add(place)
            target.mkdir(exist_ok=True)
            shutil.copystat(place, target)
        elif place.is_file():
            taken.add(place)
            shutil.copy2(place, target)


def libraries(root: Path) -> set[Path]:
    """Give the shared libraries that the programs and extension modules gathered so far need."""
    found: set[Path] = set()
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == ELF:
            listed = subprocess.run(["ldd", str(path)], check=False, capture_output=True, text=True).stdout
            if "not found" in listed:
                # The base lacks the library: there too this module cannot be imported.
                sys.stderr.write(f"{path} needs what the base does not have:\n{listed}")
            found.update(Path(each) for each in re.findall(r"(?:=>\s*|^\s*)(/\S+)", listed, re.MULTILINE))
    return {each for each in found if not each.is_relative_to(root)}


def describe_packages(root: Path, taken: set[Path]) -> None:
    """Say which packages the files are from, where scanners of images without dpkg look for it."""
    if shutil.which("dpkg-query") is None:
        return
    files = sorted(each for path in taken if path.is_file() for each in {str(path), str(path.resolve())})
    # Its status is an error when a single file is nobody's, such as a link to the interpreter.
    asked = subprocess.run(["dpkg-query", "-S", *files], check=False, capture_output=True, text=True).stdout
    lines = [line for line in asked.splitlines() if not line.startswith("diversion by ")]
    names = {name.strip() for line in lines for name in line.partition(": ")[0].split(",")}
    folder = root / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True)
    for name in sorted(names):
        stanza = subprocess.run(["dpkg-query", "-s", name], check=True, capture_output=True, text=True).stdout
        (folder / name.partition(":")[0]).write_text(stanza)
    shorten_sbom(root / "usr/share/sbom/aioric.cdx.json", {name.partition(":")[0] for name in names})


def shorten_sbom(path: Path, packages: set[str]) -> None:
    """Take the system's packages that are not here out of the bill of materials."""
    document = json.loads(path.read_text())
    document["components"] = [
        each
        for each in document["components"]
        if not each["purl"].startswith("pkg:deb/") or each["name"] in packages
    ]
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
