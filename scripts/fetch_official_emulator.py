"""Fetch AWS's own Lambda emulator: the binary that the wheel of aws-sam-cli carries inside."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

# `uname -m` on the left; the names that AWS gives its binaries on the right.
MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def main() -> None:
    """Download the wheel into a folder that goes away, and leave only the binary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("version", help="the version of aws-sam-cli to take it from")
    parser.add_argument("destination", type=Path, help="where to put the binary")
    parser.add_argument("--machine", default=platform.machine(), help="its processor; else this machine's")
    arguments = parser.parse_args()
    machine = MACHINES.get(arguments.machine.lower())
    if machine is None:
        sys.exit(f"there is no official emulator for {arguments.machine}")
    destination: Path = arguments.destination
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent) as folder:
        wheel = download(arguments.version, Path(folder))
        unpack(wheel, f"samcli/local/rapid/aws-lambda-rie-{machine}", destination)


def download(version: str, folder: Path) -> Path:
    """Ask pip for the wheel alone: its dependencies are of no use here."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*pip, "--dest", str(folder), f"aws-sam-cli=={version}"], check=True)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path, member: str, destination: Path) -> None:
    """Write beside the destination and rename, so that nobody ever runs half a binary."""
    with zipfile.ZipFile(wheel) as archive:
        unpacked = Path(archive.extract(member, wheel.parent))
    unpacked.chmod(0o755)
    unpacked.replace(destination)


if __name__ == "__main__":
    main()
