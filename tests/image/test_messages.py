"""What somebody reads whose function cannot start, and the status the container ends with."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.image.engine import TASK, run, start
from tests.image.runtime_api import platform as lambda_platform

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.image.engine import Container

HANDLER = "def handler(event, context):\n    return 1\n"
ELF_MACHINE = 18  # where an ELF file says which processor it is for
X86_64, AARCH64 = 0x3E, 0xB7
MACHINE = os.environ.get("ARCH") or platform.machine()
OTHER_MACHINES = {"x86_64": AARCH64, "amd64": AARCH64, "aarch64": X86_64, "arm64": X86_64}


def nothing_there(task: Path) -> None:
    """Leave the folder empty."""
    task.chmod(0o755)


def unreadable_file(task: Path) -> None:
    """Write a module as an editor with a strict umask does."""
    task.chmod(0o755)
    (task / "app.py").write_text(HANDLER)
    (task / "app.py").chmod(0o600)


def other_architecture(task: Path) -> None:
    """Install a wheel that was downloaded for another processor."""
    task.chmod(0o755)
    import orjson  # noqa: PLC0415 - any extension module would do

    library = bytearray(next(Path(orjson.__path__[0]).glob("*.so")).read_bytes())
    library[ELF_MACHINE] = OTHER_MACHINES[MACHINE]
    (task / "native.abi3.so").write_bytes(library)
    (task / "app.py").write_text("import native\n" + HANDLER)


def other_wheel(task: Path) -> None:
    """Install a wheel whose files have another processor's or Python's name."""
    task.chmod(0o755)
    (task / "native.cpython-39-riscv64-linux-gnu.so").write_bytes(b"")
    (task / "app.py").write_text("import native\n" + HANDLER)


TROUBLE = [
    pytest.param(nothing_there, "Runtime.ImportModuleError", "No module named 'app'", id="no such module"),
    pytest.param(unreadable_file, "PermissionError", "/var/task/app.py", id="unreadable file"),
    pytest.param(
        other_architecture, "Runtime.ImportModuleError", "native.abi3.so is for ", id="other architecture"
    ),
    pytest.param(
        other_wheel, "Runtime.ImportModuleError", "riscv64-linux-gnu.so is there, and ", id="other wheel"
    ),
]


@pytest.mark.parametrize(
    "options", [[], ["--env=AWS_LAMBDA_RUNTIME_API=127.0.0.1:1"]], ids=["here", "in Lambda"]
)
def test_no_handler(image: str, options: list[str]) -> None:
    """Without a handler's name the container ends as AWS's image does, and says where to give one."""
    done = run(image, options=options)

    assert done.returncode == 142
    assert "entrypoint requires the handler name to be the first argument" in done.stderr
    assert 'CMD ["app.handler"]' in done.stderr


@pytest.mark.parametrize(("arrange", "error", "text"), TROUBLE)
def test_in_lambda(
    image: str, tmp_path: Path, arrange: Callable[[Path], None], error: str, text: str
) -> None:
    """The platform and the log are told what is wrong, and the container ends with status 1."""
    arrange(tmp_path)
    with lambda_platform() as told:
        done = run(image, "app.handler", task=tmp_path, env={"AWS_LAMBDA_RUNTIME_API": told.address})
        path, report = told.wait_for_post()

    assert path == "/init/error"
    assert report["errorType"] == error
    assert text in report["errorMessage"]
    assert text in done.stdout + done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize(("arrange", "error", "text"), TROUBLE)
def test_on_our_emulator(
    image: str,
    tmp_path: Path,
    containers: list[Container],
    arrange: Callable[[Path], None],
    error: str,
    text: str,
) -> None:
    """Who calls the function is told what is wrong, and so is who reads the container's log."""
    arrange(tmp_path)
    container = start(image, "app.handler", task=tmp_path)
    containers.append(container)
    report = container.invoke({}).json()

    assert report["errorType"] == error
    assert text in report["errorMessage"]
    assert text in container.logs


def test_nobody_to_ask(image: str) -> None:
    """Where nobody listens at the Runtime API's address, the runtime gives up and says so."""
    done = run(image, "app.who", task=TASK, env={"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"})

    assert done.returncode == 1
    assert "Runtime API" in done.stdout + done.stderr
