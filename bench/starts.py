"""What is started: functions of every weight, in a folder as a deployment has it, by each contestant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

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

# With what the benchmark's own event shows to be unused: of the standard library only, as the list comes when
# nobody has edited it.
LAZY = "aioric optimized, lazy"

VARIABLES = os.environ | {"AWS_DEFAULT_REGION": "us-east-1"}

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
        task = ours.partition(".")[0]
        packed = deploy(f"packed-{task}", with_dependencies=True)
        optimize(packed, ours)
        lazy = packed.with_name(f"lazy-{task}")
        make_lazy(lazy, packed, ours)
        begun.insert(1, Start(name, "aioric optimized", (*OURS, ours), packed))
        begun.insert(2, Start(name, LAZY, (*OURS, ours), lazy))
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
    if _is_packed(folder):
        return
    command = [sys.executable, "-m", "aioric_emulator.cli", "optimize", str(folder)]
    command += ["--handler", handler, "--quiet"]
    subprocess.run(command, check=True, env=VARIABLES)


def make_lazy(folder: Path, packed: Path, handler: str) -> None:
    """What `aioric optimize --find-lazy`, then `--lazy` make of a folder; the bytecode is that of another."""
    if _is_packed(folder):
        return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(packed, folder, copy_function=os.link, ignore=shutil.ignore_patterns(".aioric"))
    command = [sys.executable, "-m", "bench.starts", str(folder), handler]
    subprocess.run(command, check=True, cwd=ROOT, env=VARIABLES)


def _is_packed(folder: Path) -> bool:
    made = folder / ".aioric" / "start.pack"
    sources = [*ROOT.glob("emulator/aioric_emulator/optimize/*.py"), *ROOT.glob("runtime/aioric/packed/*.py")]
    newest = max(path.stat().st_mtime for path in [*sources, *TASKS.glob("*.py")])
    return made.exists() and made.stat().st_mtime > newest


def main() -> None:
    """Prepare everything: `python -m bench.starts`."""
    for name in FUNCTIONS:
        print(f"preparing {name}", file=sys.stderr)
        prepare(name)


def pack_lazy() -> None:
    """Find what is lazy, and pack a folder again: `python -m bench.starts FOLDER HANDLER`."""
    from aioric_emulator.optimize import command  # noqa: PLC0415 - only what this does needs it

    folder, handler = Path(sys.argv[1]), sys.argv[2]
    with TemporaryDirectory() as place:
        event, names = Path(place, "event.json"), Path(place, "lazy.txt")
        event.write_text(json.dumps(EVENT))
        command.find_lazy(folder, handler, [event], names)
        command.pack(folder, handler, command.read_list(names))


if __name__ == "__main__":
    pack_lazy() if sys.argv[1:] else main()
