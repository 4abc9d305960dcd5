"""The zip for `provided.al2023`, unpacked as Lambda unpacks it and run by the emulator."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from aioric_emulator import Emulator

ROOT = Path(__file__).parents[2]
FUNCTION = ROOT / "examples" / "deploy" / "function"


def make_zip(output: Path) -> Path:
    """Run what `make zip` runs."""
    script = ROOT / "scripts" / "make_zip.py"
    subprocess.run([sys.executable, str(script), "--output", str(output)], check=True, capture_output=True)
    return output


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A function's folder with the zip's content beside its own file, nothing writable."""
    folder = tmp_path / "task"
    with zipfile.ZipFile(make_zip(tmp_path / "aioric.zip")) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, folder))
            path.chmod(entry.external_attr >> 16 & 0o777)
    (folder / "app.py").write_text((FUNCTION / "app.py").read_text())
    return folder


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11"])
def test_a_managed_python_that_is_too_old_is_told_so(unpacked: Path, version: str) -> None:
    """On AWS's runtimes before Python 3.11 the wrapper says what is wrong; on others it goes on."""
    ran = subprocess.run(
        [str(unpacked / "aioric-wrapper"), sys.executable, "/var/runtime/bootstrap.py"],
        env={"AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}"},
        capture_output=True,
        text=True,
        check=False,
    )

    told = f"aioric needs Python 3.11 or newer, and this function's runtime is AWS_Lambda_python{version}\n"
    assert ran.returncode == 1
    assert (ran.stderr == told) is (version != "3.11")


async def test_bootstrap(unpacked: Path, aioric_function: type[Emulator]) -> None:
    """The emulator starts the unpacked `bootstrap` as Lambda does, and the function answers."""
    command = [str(unpacked / "bootstrap")]
    environment = {"AIORIC_PYTHON": sys.executable}
    async with aioric_function(
        "app.handler", task_root=unpacked, command=command, env=environment
    ) as function:
        result = await function.invoke({"name": "zip"})

    assert result.payload["hello"] == "zip"


async def test_managed_runtime(unpacked: Path, aioric_function: type[Emulator]) -> None:
    """A managed runtime starts the wrapper with its interpreter, and aioric serves in its place."""
    command = [str(unpacked / "aioric-wrapper"), sys.executable, "/var/runtime/bootstrap.py"]
    environment = {"AWS_LAMBDA_EXEC_WRAPPER": str(unpacked / "aioric-wrapper")}
    async with aioric_function(
        "app.handler", task_root=unpacked, command=command, env=environment
    ) as function:
        result = await function.invoke({"name": "managed"})

    assert result.payload["hello"] == "managed"


def test_holds_nothing_else(tmp_path: Path) -> None:
    """Runtime and bootstrap, executable where it must be, and no emulator, test or dependency."""
    with zipfile.ZipFile(make_zip(tmp_path / "aioric.zip")) as archive:
        entries = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}

    assert {name for name, mode in entries.items() if mode == 0o755} == {"bootstrap", "aioric-wrapper"}
    assert all(
        name.startswith("runtime/aioric/") for name in entries.keys() - {"bootstrap", "aioric-wrapper"}
    )
    assert f"runtime/aioric/__pycache__/startup.{sys.implementation.cache_tag}.pyc" in entries


def test_same_bytes(tmp_path: Path) -> None:
    """Made twice, the zip is the same."""
    assert make_zip(tmp_path / "one.zip").read_bytes() == make_zip(tmp_path / "two.zip").read_bytes()
