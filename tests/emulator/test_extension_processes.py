"""External extensions in real processes: their start, their environment, and every way to end."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from aioric_emulator import Emulator
from aioric_emulator.extension_processes import find_extensions
from tests.emulator.polling import is_alive, until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SHELL_EXTENSION = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
head=$(curl -s -D - -o /dev/null -H "Lambda-Extension-Name: ${0##*/}" \\
  -d '{"events":["INVOKE","SHUTDOWN"]}' "$api/register")
id=$(printf '%s' "$head" | tr -d '\\r' | sed -n 's/^Lambda-Extension-Identifier: //p')
while :; do
  event=$(curl -s -H "Lambda-Extension-Identifier: $id" "$api/event/next")
  echo "shell got $event"
  case $event in *SHUTDOWN*) exit 0 ;; esac
done
"""


def toy(command: Sequence[str], root: Path, folder: Path, **settings: Any) -> Emulator:
    """Give an emulator of the toy runtime with extensions."""
    return Emulator("toy.handler", command=command, task_root=root, extensions=folder, **settings)


def pids(logs: list[str]) -> list[int]:
    """Give the process ids that extensions have told."""
    return [int(line.split()[1]) for line in logs if line.startswith("registered")]


def test_extensions_are_the_executable_files(tmp_path: Path) -> None:
    """Folders and hidden files are none; a file that is not executable is worth a word."""
    said: list[str] = []
    (tmp_path / "folder").mkdir()
    for name, mode in {"b": 0o755, "a": 0o700, ".hidden": 0o755, "notes.txt": 0o644}.items():
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    assert find_extensions([tmp_path], said.append) == ("a", "b")
    (line,) = said
    assert line.startswith(
        "aioric: the extension notes.txt is not executable, and is not started: chmod +x /"
    )
    assert find_extensions([], said.append) == ()
    assert find_extensions([tmp_path / "none"], said.append) == ()


async def test_an_extension_lives_beside_our_runtime(greeter: Path, extensions: Callable[..., Path]) -> None:
    """And beside the internal one of our runtime: both are part of it, neither outlives it."""
    (greeter / "app.py").write_text(
        "import aioric\n"
        "@aioric.on_shutdown\n"
        "def bye():\n"
        "    print('bye')\n"
        "def handler(event, context):\n"
        "    return context.aws_request_id\n"
    )
    folder = extensions("agent", events=["INVOKE", "SHUTDOWN"])
    async with Emulator("app.handler", task_root=greeter, extensions=folder) as fn:
        results = [await fn.invoke({}) for _ in range(2)]
        (agent,) = pids(fn.logs)
        assert is_alive(agent)
    logs = fn.logs
    for result in results:
        assert f"event INVOKE {result.payload}" in logs
    assert "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]" in logs
    # The runtime hears of the end first, and the extensions when it has ended.
    assert logs.index("bye") < logs.index("event SHUTDOWN spindown")
    assert not is_alive(agent)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_an_extension_is_any_program(greeter: Path) -> None:
    """A shell script too, with the processes that it starts."""
    folder = greeter / "extensions"
    folder.mkdir()
    (folder / "shell").write_text(SHELL_EXTENSION)
    (folder / "shell").chmod(0o755)
    async with Emulator("app.handler", task_root=greeter, extensions=folder) as fn:
        results = [await fn.invoke({}) for _ in range(2)]
    told = [line for line in fn.logs if line.startswith("shell got")]
    assert [result.request_id in line for result, line in zip(results, told, strict=False)] == [True, True]
    assert '"shutdownReason":"spindown"' in told[-1]
    assert len(told) == 3
    assert not [each for each in psutil.Process().children(recursive=True) if each.name() in {"sh", "curl"}]


async def test_an_extensions_environment_is_the_platforms(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """The function's own variables, and those of the platform that are not for the runtime alone."""
    folder = extensions("agent", deed="variables")
    variables = {"MINE": "1", "_X": "1", "AWS_XRAY_CONTEXT_MISSING": "x"}
    async with toy(toy_command, tmp_path, folder, env=variables, memory=256) as fn:
        await fn.invoke({})
    (line,) = [line for line in fn.logs if line.startswith("variables")]
    told, cwd = json.loads(line.partition(" ")[2].rpartition(" ")[0]), line.split()[-1]
    assert (told["MINE"], told["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], cwd) == ("1", "256", "/")
    assert told["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert told["AWS_LAMBDA_FUNCTION_NAME"] == "function"
    assert not [name for name in told if name.startswith(("_", "AWS_XRAY_"))]
    assert not told.keys() & {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }


async def test_a_crash_at_the_start_is_tried_again(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """As part of the invocation, when all of the first environment has ended."""
    extensions("agent", events=["SHUTDOWN"])
    async with toy(toy_command, tmp_path, extensions("broken", deed="crash")) as fn:
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}
    reports = [line for line in fn.logs if line.startswith("INIT_REPORT")]
    assert reports[0].endswith("Phase: init\tStatus: error\tError Type: Extension.Crash")
    assert any("Name: broken\tState: Exited" in line and "Extension.Crash" in line for line in fn.logs)
    assert not any(map(is_alive, pids(fn.logs)))


async def test_an_exit_in_an_invocation_ends_it(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """The caller is told, and the next call has a new environment with a new process."""
    folder = extensions("agent", events=["INVOKE"], deed="exit")
    async with toy(toy_command, tmp_path, folder) as fn:
        result = await fn.invoke({"do": "sleep", "seconds": 5})
        assert result.payload == {
            "errorType": "Extension.Crash",
            "errorMessage": f"RequestId: {result.request_id} Error: exit status 3",
        }
        extensions("agent", events=["INVOKE"])
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}
    assert len(set(pids(fn.logs))) == 2


async def test_an_init_error_is_reported(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """By its own type, after the second attempt."""
    async with toy(toy_command, tmp_path, extensions("agent", deed="init error")) as fn:
        result = await fn.invoke({})
    assert result.payload["errorType"] == "Extension.InitError"
    assert result.payload["errorMessage"].endswith("Error: Toy.Init")


async def test_what_is_no_program_is_an_error(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """Which names the file and the reason."""
    folder = extensions("agent")
    (folder / "agent").write_text("#!/nowhere/python\n")
    async with toy(toy_command, tmp_path, folder) as fn:
        result = await fn.invoke({})
    assert result.payload["errorType"] == "Extension.LaunchError"
    assert "agent: No such file or directory" in result.payload["errorMessage"]


async def test_one_that_does_not_end_is_killed(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """After two seconds if it asked to be told, else at once."""
    extensions("deaf", events=["SHUTDOWN"], deed="deaf")
    async with toy(toy_command, tmp_path, extensions("unasked", events=["INVOKE"])) as fn:
        await fn.invoke({})
        alive = pids(fn.logs)
    assert len(alive) == 2
    assert not any(map(is_alive, alive))
    assert "event SHUTDOWN spindown" in fn.logs


async def test_extensions_are_frozen_too(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """With the runtime, and thawed for the next call and for the end."""
    async with toy(
        toy_command, tmp_path, extensions("agent", events=["INVOKE", "SHUTDOWN"]), freeze=True
    ) as fn:
        await fn.invoke({})
        agent = psutil.Process(pids(fn.logs)[0])
        await until(lambda: agent.status() == psutil.STATUS_STOPPED)
        await fn.invoke({})
    assert sum(line.startswith("event INVOKE") for line in fn.logs) == 2
    assert "event SHUTDOWN spindown" in fn.logs


async def test_managed_instances_have_extensions(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """Told of the end only."""
    async with toy(toy_command, tmp_path, extensions("agent", events=["SHUTDOWN"]), concurrency=1) as fn:
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}
    assert "event SHUTDOWN spindown" in fn.logs
    assert any('"platform.extension"' in line for line in fn.logs)


async def test_one_that_never_registers_holds_init_up(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """Until its limit, and the invocation's after that; the runtime is not even started."""
    folder = extensions("mute", deed="mute")
    async with toy(toy_command, tmp_path, folder, init_limit=0.5, timeout=0.5) as fn:
        result = await fn.invoke({})
    assert result.payload["errorType"] == "Sandbox.Timedout"
    assert any("Name: mute\tState: Started" in line for line in fn.logs)
    assert not any(line.startswith("init") for line in fn.logs)


async def test_an_end_during_the_start_leaves_nothing(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """Whether the processes were there already or not."""
    folder = extensions("mute", deed="mute")
    for _ in range(5):
        async with toy(toy_command, tmp_path, folder, concurrency=1):
            pass
    names = [" ".join(each.cmdline()) for each in psutil.Process().children(recursive=True)]
    assert not [name for name in names if str(folder) in name]


async def test_a_snapshot_has_extensions(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """They are part of the one restore, since what runs beside the runtime cannot be copied with it."""
    folder = extensions("agent", events=["INVOKE", "SHUTDOWN"])
    variables = {"TOY_INIT": "restore"}
    async with toy(toy_command, tmp_path, folder, env=variables, snapstart=True) as fn:
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}
        assert (await fn.invoke({"a": 2})).payload == {"a": 2}
    assert sum(line.startswith("event INVOKE") for line in fn.logs) == 2
    assert len(pids(fn.logs)) == 1
    assert "event SHUTDOWN spindown" in fn.logs
