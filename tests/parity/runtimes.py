"""The runtimes that are compared, the settings they are compared in, and how each is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
TASK = Path(__file__).parent / "task"
TASK_ROOT = "/var/task"  # what the folder of a task is called in every outcome

IMAGE = Path(__file__).parent / "launch" / "image.py"

# A private view of the file system, with a folder of ours at /opt.
_WITH_LAYERS = ["unshare", "--mount", "sh", "-ec", 'mount --bind "$1" /opt; shift; exec "$@"', "sh"]

OFFICIAL = "official"
DEF = "def"
ASYNC = "async def"
OURS = (DEF, ASYNC)

# What lets coverage measure our processes, when it measures this one. Read before there are threads: pytest
# writes to the environment around each test, and nobody may write while another thread goes through it.
MEASURED = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}

# What the official client needs, and nothing that makes us faster: no orjson, no uvloop.
_BARE = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")


class Setting(NamedTuple):
    """An environment in which many cases are served."""

    name: str
    environment: Mapping[str, str] = {}
    bare: bool = False  # whether orjson and uvloop are absent
    framed: bool = False  # whether the platform hands out a descriptor for framed records
    handler: str = "app.handler"
    image: bool = False  # whether the runtime is started as in a managed image, and not by `python -m`
    python: str = ""  # the interpreter, when not the one that runs the tests
    layers: bool = False  # whether the folder `layers` beside the task is seen at /opt


class Started(NamedTuple):
    """A process, and the files that it writes to."""

    process: subprocess.Popen[bytes]
    outputs: tuple[int, int, int]


def task_root(kind: str, source: Path = TASK) -> Path:
    """A copy of a task for one run; its handler is a coroutine function if `kind` says so."""
    root = Path(tempfile.mkdtemp(prefix="task-")) / "task"
    shutil.copytree(source, root, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "broken_syntax.py").write_text("def broken(:\n")  # here, because our linters read every file
    if kind == ASYNC:
        for path in root.glob("app*.py"):
            path.write_text(path.read_text().replace("def handler(", "async def handler("))
    return root


@contextmanager
def started(
    kind: str, setting: Setting, root: Path, address: str, outputs: tuple[int, int, int]
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a runtime in its task root; it is killed if it has not ended by itself."""
    module = "awslambdaric" if kind == OFFICIAL else "aioric"
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_FUNCTION_NAME": "parity",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/parity",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0",
        "AWS_REGION": "eu-west-1",
        "LAMBDA_TASK_ROOT": str(root),
        "PYTHONPATH": str(ROOT / "runtime"),
        **MEASURED,
        **setting.environment,
    }
    command = [setting.python or sys.executable]
    if setting.bare:
        environment["PYTHONPATH"] += f":{_bare_site()}"
        command = [sys._base_executable, "-S"]  # type: ignore[attr-defined]  # noqa: SLF001 - the one without our packages
    descriptors: tuple[int, ...] = ()
    if setting.framed:
        environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(outputs[2])
        descriptors = (outputs[2],)
    command += ["-m", module, setting.handler]
    if setting.image:
        command = _as_in_an_image(kind, setting, environment)
    if setting.layers:
        command = [*_WITH_LAYERS, f"{root.parent}/layers", *command]
    process = subprocess.Popen(
        command,
        cwd=root,
        env={name: value for name, value in environment.items() if value},
        stdin=subprocess.DEVNULL,
        stdout=outputs[0],
        stderr=outputs[1],
        pass_fds=descriptors,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _as_in_an_image(kind: str, setting: Setting, environment: dict[str, str]) -> list[str]:
    environment["_HANDLER"] = setting.handler
    environment["LAMBDA_RUNTIME_DIR"] = str(IMAGE.parent)
    environment["PYTHONPATH"] = setting.environment.get("PYTHONPATH", "")
    environment["AIORIC_PYTHON"] = sys.executable
    return [sys.executable, str(IMAGE)] if kind == OFFICIAL else [str(ROOT / "bootstrap")]


@contextmanager
def output_files() -> Iterator[tuple[int, int, int]]:
    """Three nameless files, opened for appending: standard output, standard error, framed records."""
    with tempfile.TemporaryDirectory() as folder:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        opened = tuple(os.open(f"{folder}/{number}", flags, 0o600) for number in range(3))
    try:
        yield opened[0], opened[1], opened[2]
    finally:
        for descriptor in opened:
            os.close(descriptor)


@cache
def _bare_site() -> str:
    """A folder with nothing but what the official client needs."""
    site = Path(tempfile.mkdtemp(prefix="site-"))
    for entry in Path(sysconfig.get_path("platlib")).iterdir():
        if entry.name.partition(".")[0] in _BARE:
            (site / entry.name).symlink_to(entry)
    return str(site)
