"""What is started: functions of every weight, in a folder as a deployment has it, by each contestant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from bench.contestants import BASELINE, OFFICIAL, OURS, ROOT, Contestant

CACHE = ROOT / ".cache" / "bench"
DEPENDENCIES = CACHE / f"dependencies-{sys.version_info[0]}.{sys.version_info[1]}"
TASKS = Path(__file__).parent / "task" / "starts"

# By the name that tables show: the handler, and the one that the official client's users write.
FUNCTIONS = {
    "def": ("trivial.handler", "trivial.handler"),
    "async def": ("trivial.async_handler", "trivial.wrapped_handler"),
    "boto3": ("sdk.handler", "sdk.handler"),
    "FastAPI": ("web.handler", "web.handler"),
    "Powertools": ("tools.handler", "tools.handler"),
    "pandas": ("frame.handler", "frame.handler"),
}
LIGHT = ("def", "async def")

# What an API's gateway sends (format 2.0), in as few words as the adapters accept.
EVENT: dict[str, object] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/items/7",
    "rawQueryString": "",
    "headers": {"host": "example.com", "accept": "application/json"},
    "requestContext": {
        "http": {"method": "GET", "path": "/items/7", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
        "stage": "$default",
        "requestId": "1",
    },
    "isBase64Encoded": False,
}


@dataclass(frozen=True)
class Start:
    """One contestant with one function in one folder."""

    function: str
    contestant: str
    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def variables(self, port: int) -> dict[str, str]:
        """The environment of the runtime."""
        made = Contestant(self.contestant, self.command).variables(port, 1)
        made |= {"LAMBDA_TASK_ROOT": str(self.folder), "AWS_REGION": "us-east-1", "PYTHONHASHSEED": "0"}
        return made | {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"} | self.environment


def prepare(name: str) -> list[Start]:
    """The starts of one function; its folders are made where they are not there yet.

    Raises:
        SystemExit: The dependencies are not installed.
    """
    ours, theirs = FUNCTIONS[name]
    folder = deploy("light" if name in LIGHT else "plain", with_dependencies=name not in LIGHT)
    begun = [
        Start(name, "aioric", (*OURS, ours), folder),
        Start(name, BASELINE, (*OFFICIAL, theirs), folder),
    ]
    if name not in LIGHT:
        packed = deploy(f"packed-{ours.partition('.')[0]}", with_dependencies=True)
        optimize(packed, ours)
        begun.insert(1, Start(name, "aioric optimized", (*OURS, ours), packed))
    return begun


def deploy(name: str, *, with_dependencies: bool) -> Path:
    """A folder with the functions, and what they import: as it would lie under /var/task."""
    folder = CACHE / "deployed" / name
    if with_dependencies and not DEPENDENCIES.is_dir():
        raise SystemExit("The functions' dependencies are not installed: make setup-bench")
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        if with_dependencies:  # hard links: one copy on the disk
            shutil.copytree(DEPENDENCIES, folder, copy_function=os.link)
        else:
            folder.mkdir()
    for task in TASKS.glob("*.py"):
        target = folder / task.name
        if not target.exists() or target.read_bytes() != task.read_bytes():
            shutil.copy2(task, target)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-l", str(folder)], check=True)
    return folder


def optimize(folder: Path, handler: str) -> None:
    """`aioric optimize`, as a user would run it; not again where nothing has changed since."""
    made = folder / ".aioric" / "start.pack"
    sources = [*ROOT.glob("emulator/aioric_emulator/optimize/*.py"), *ROOT.glob("runtime/aioric/packed/*.py")]
    newest = max(path.stat().st_mtime for path in [*sources, *folder.glob("*.py")])
    if made.exists() and made.stat().st_mtime > newest:
        return
    command = [sys.executable, "-m", "aioric_emulator.cli", "optimize", str(folder)]
    command += ["--handler", handler, "--quiet"]
    subprocess.run(command, check=True, env=os.environ | {"AWS_DEFAULT_REGION": "us-east-1"})
