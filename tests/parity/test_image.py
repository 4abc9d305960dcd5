"""What our `bootstrap` does before the function's code runs, where no public program can be compared with."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.parity.recorder import Event, Recorder
from tests.parity.runtimes import DEF, ROOT, Setting, output_files, started

if TYPE_CHECKING:
    from pathlib import Path

APP = "import os, sys\ndef handler(event, context):\n    return [os.environ.get(name) for name in event]\n"


def wrapped(wrapper: Path) -> subprocess.CompletedProcess[str]:
    """What `bootstrap` does with this wrapper."""
    return subprocess.run(
        [str(ROOT / "bootstrap")],
        env={"AWS_LAMBDA_EXEC_WRAPPER": str(wrapper), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def answer(root: Path, event: bytes, **environment: str) -> bytes:
    """What the function answers when our `bootstrap` has started it."""
    setting = Setting("image", environment, image=True)
    with (
        output_files() as outputs,
        Recorder(outputs) as recorder,
        started(DEF, setting, root, recorder.address, outputs) as process,
    ):
        served = list(recorder.serve(process, [Event("first", event)]))
    return served[1].requests[0].body


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A task root whose function tells the environment variables that it is asked for."""
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


def test_a_wrapper_that_is_missing(tmp_path: Path) -> None:
    """A wrapper that does not exist ends the start with 127, and says so where the log is."""
    ran = wrapped(tmp_path / "wrapper")

    assert (ran.returncode, ran.stdout) == (127, f"{tmp_path}/wrapper: does not exist\n")


def test_a_wrapper_that_is_a_folder(tmp_path: Path) -> None:
    """A folder is no wrapper."""
    ran = wrapped(tmp_path)

    assert (ran.returncode, ran.stdout) == (127, f"{tmp_path}: does not exist\n")


def test_a_wrapper_that_cannot_be_run(tmp_path: Path) -> None:
    """A wrapper that is not executable ends the start with 126."""
    wrapper = tmp_path / "wrapper"
    wrapper.write_text("#!/bin/sh\n")
    ran = wrapped(wrapper)

    assert (ran.returncode, ran.stdout) == (126, f"{wrapper}: is not an executable\n")


def test_a_wrapper_starts_the_runtime(root: Path) -> None:
    """The wrapper gets interpreter and program as its arguments, and may change both and the environment."""
    wrapper = root / "wrap per"
    wrapper.write_text('#!/bin/sh\nexport FIRST="$1" WRAPPED=yes\nexec "$@"\n')
    wrapper.chmod(0o755)

    assert (
        answer(root, b'["WRAPPED", "FIRST"]', AWS_LAMBDA_EXEC_WRAPPER=str(wrapper))
        == f'["yes", "{sys.executable}"]'.encode()
    )


def test_a_wrapper_may_add_options_of_the_interpreter(root: Path) -> None:
    """As AWS's example does: `python -X importtime`, with the arguments that follow the interpreter."""
    wrapper = root / "wrapper"
    wrapper.write_text('#!/bin/sh\npython=$1; shift\nexec "$python" -X utf8 "$@"\n')
    wrapper.chmod(0o755)
    (root / "app.py").write_text("import sys\ndef handler(event, context):\n    return sys.flags.utf8_mode\n")

    assert answer(root, b"{}", AWS_LAMBDA_EXEC_WRAPPER=str(wrapper)) == b"1"


def test_the_execution_environment_is_named(root: Path) -> None:
    """`AWS_EXECUTION_ENV` is what the managed image says, unless the platform has said something else."""
    managed = f'["AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}"]'

    assert answer(root, b'["AWS_EXECUTION_ENV"]') == managed.encode()
    assert (
        answer(root, b'["AWS_EXECUTION_ENV"]', AWS_EXECUTION_ENV="AWS_Lambda_Image")
        == b'["AWS_Lambda_Image"]'
    )
