"""The command line, run as users run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.to_thread
import httpx
import pytest

import aioric_emulator
from tests.emulator.polling import is_alive, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

EMULATOR = Path(aioric_emulator.__file__).parents[1]
SOURCES = os.pathsep.join([str(EMULATOR), str(EMULATOR.parent / "runtime")])


def environment() -> dict[str, str]:
    """Give this process's environment, with the sources in reach."""
    return os.environ | {"PYTHONPATH": SOURCES}


async def aioric(*arguments: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "aioric_emulator.cli", *arguments]
    return await anyio.run_process(command, input=text, check=False, env=environment())


class Development:
    """A running `aioric dev`."""

    def __init__(self, log: Path, process: subprocess.Popen[bytes]) -> None:
        self._log = log
        self.process = process

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def endpoint(self) -> str:
        return self.log.partition("Invoke with: ")[2].split("--endpoint ")[1].split()[0]

    async def started(self) -> None:
        await until(lambda: "--endpoint" in self.log or self.process.poll() is not None)
        assert self.process.poll() is None, self.log


@pytest.fixture
async def development(toy_command: Sequence[str], tmp_path: Path) -> AsyncIterator[Development]:
    """Give a running toy function with a file of variables."""
    variables = tmp_path / "vars.env"
    variables.write_text("A=file\nB=file\n")
    options = ["--port", "0", "--env-file", str(variables), "--env", "B=option", "--task-root", str(tmp_path)]
    command = [
        sys.executable,
        "-m",
        "aioric_emulator.cli",
        "dev",
        "toy.handler",
        *options,
        "--",
        *toy_command,
    ]
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())  # noqa: ASYNC220 - starts at once
    running = Development(log, process)
    try:
        await running.started()
        yield running
    finally:
        process.kill()
        await anyio.to_thread.run_sync(process.wait)


async def test_an_event_is_answered(development: Development) -> None:
    """The answer on standard output, and nothing else there."""
    done = await aioric("invoke", '{"a": 1}', "--endpoint", development.endpoint)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, {"a": 1}, b"")


async def test_an_event_comes_from_anywhere(development: Development, tmp_path: Path) -> None:
    """A file, standard input, the option, or none at all."""
    file = tmp_path / "event.json"
    file.write_text('{"from": "file"}')
    to = ("--endpoint", development.endpoint)
    assert json.loads((await aioric("invoke", "--event", f"@{file}", *to)).stdout) == {"from": "file"}
    assert json.loads((await aioric("invoke", "-", *to, text=b'{"from": "stdin"}')).stdout) == {
        "from": "stdin"
    }
    assert json.loads((await aioric("invoke", *to)).stdout) == {}


async def test_a_function_error_is_exit_status_1(development: Development) -> None:
    """The error on standard output, as it is the answer; that it is one on the other."""
    event = '{"do":"error","error":{"errorType":"E"}}'
    done = await aioric("invoke", event, "--endpoint", development.endpoint)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {"errorType": "E"}
    assert done.stderr == b"The function failed (Unhandled).\n"


async def test_the_log_and_the_context_on_request(development: Development) -> None:
    """The invocation's own lines, on standard error."""
    event, context = '{"do":"headers"}', '{"custom":1}'
    to = ("--endpoint", development.endpoint)
    done = await aioric("invoke", event, "--tail", "--client-context", context, *to)
    assert json.loads(done.stdout)["lambda-runtime-client-context"] == context
    assert done.stderr.startswith(b"START RequestId: ")


async def test_variables_are_set(development: Development) -> None:
    """The option ranks above the file."""
    done = await aioric("invoke", '{"do":"variables"}', "--endpoint", development.endpoint)
    variables = json.loads(done.stdout)
    assert (variables["A"], variables["B"]) == ("file", "option")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{",), "InvalidRequestContentException: Could not parse request body into json"),
        (("--name", "other"), "ResourceNotFoundException: Function not found: arn:aws:lambda:"),
    ],
)
async def test_a_refused_call_says_why(
    arguments: tuple[str, ...], message: str, development: Development
) -> None:
    """On standard error, with exit status 1."""
    done = await aioric("invoke", *arguments, "--endpoint", development.endpoint)
    assert (done.returncode, done.stdout) == (1, b"")
    assert message in done.stderr.decode()


async def test_nobody_has_to_read_the_log(toy_command: Sequence[str], tmp_path: Path) -> None:
    """A reader that leaves, like `head`, stops nothing."""
    options = ["toy.handler", "--port", "0", "--task-root", str(tmp_path), "--", *toy_command]
    command = [sys.executable, "-m", "aioric_emulator.cli", "dev", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())  # noqa: ASYNC220 - starts at once
    assert process.stdout is not None
    first, second = process.stdout.readline(), process.stdout.readline()
    process.stdout.close()
    assert first.startswith(b"Serving toy.handler at ")
    endpoint = second.decode().split("--endpoint ")[1].strip()
    answers = [await aioric("invoke", '{"do":"after"}', "--endpoint", endpoint) for _ in range(2)]
    assert [answer.returncode for answer in answers] == [0, 0]
    process.terminate()
    assert await anyio.to_thread.run_sync(process.wait) == 0


async def test_an_event_is_queued(development: Development) -> None:
    """The command does not wait, and says which one it is."""
    done = await aioric("invoke", "--sample", "sqs", "--async", "--endpoint", development.endpoint)
    assert (done.returncode, done.stdout) == (0, b"")
    request_id = done.stderr.decode().removeprefix("Queued as ").strip()
    await until(lambda: f"REPORT RequestId: {request_id}" in development.log)


async def test_what_runs_is_shown(development: Development) -> None:
    """A table of environments and invocations, or all of it as JSON."""
    await aioric("invoke", "{}", "--cold", "--endpoint", development.endpoint)
    shown = (await aioric("ps", "--endpoint", development.endpoint)).stdout.decode()
    assert shown.startswith("FUNCTION  ENV  PID")
    assert " idle " in shown
    assert "done" in shown
    state = json.loads((await aioric("ps", "--json", "--endpoint", development.endpoint)).stdout)
    (environment,) = state["functions"][0]["environments"]
    assert is_alive(environment["pid"])


async def test_nothing_runs_yet(development: Development) -> None:
    """A function without an environment is cold."""
    shown = (await aioric("ps", "--endpoint", development.endpoint)).stdout.decode()
    assert shown.splitlines()[1].split() == ["function", "-", "-", "cold", "-", "-", "-"]


async def test_samples_are_listed_and_printed() -> None:
    """With fields of one's own."""
    assert b"s3-put\n" in (await aioric("events")).stdout
    event = json.loads((await aioric("events", "sqs", "Records.0.body=text", "n=1")).stdout)
    assert (event["Records"][0]["body"], event["n"]) == ("text", 1)


class Served:
    """A running `aioric dev` with its output in a file."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._log = folder / "dev.log"
        command = [sys.executable, "-m", "aioric_emulator.cli", "dev", "--port", "0", *arguments]
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=output, env=environment(), cwd=folder
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def __aenter__(self) -> Self:
        try:
            await until(lambda: "--endpoint" in self.log or self.process.poll() is not None)
            assert self.process.poll() is None, self.log
        except BaseException:
            self.process.kill()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.process.terminate()
        await anyio.to_thread.run_sync(self.process.wait)

    async def invoke(self, name: str, event: str = "{}") -> Any:
        """Give the decoded answer of a function."""
        endpoint = self.log.partition("--endpoint ")[2].split()[0]
        url = f"{endpoint}/2015-03-31/functions/{name}/invocations"
        async with httpx.AsyncClient(timeout=30) as client:
            return (await client.post(url, content=event)).json()


def test_what_cannot_be_printed_is_no_fault_of_ours() -> None:
    """Where there is no room for what a command prints it says so, in a line."""
    command = [sys.executable, "-m", "aioric_emulator.cli", "--version"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, env=environment())
    assert (done.returncode, done.stderr) == (1, b"Error: No space left on device\n")


async def test_several_functions_are_named(toy_command: Sequence[str], tmp_path: Path) -> None:
    """Each by its own name, with one command for all."""
    async with Served(tmp_path, "a=x.first", "b=x.second", "--memory", "256", "--", *toy_command) as served:
        variables = [await served.invoke(name, '{"do":"variables"}') for name in ("a", "b")]
    assert [each["_HANDLER"] for each in variables] == ["x.first", "x.second"]
    assert [each["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] for each in variables] == ["256", "256"]
    assert "Serving x.second at " in served.log


async def test_a_project_file_is_found(toy_command: Sequence[str], tmp_path: Path) -> None:
    """Without words it is `aioric.toml`; variables of the command line rank above its own."""
    command = json.dumps(list(toy_command))
    text = f'[functions.f]\nhandler = "x.y"\ncommand = {command}\nenv = {{ A = "file", B = "file" }}\n'
    (tmp_path / "aioric.toml").write_text(text)
    async with Served(tmp_path, "--env", "B=option") as served:
        variables = await served.invoke("f", '{"do":"variables"}')
    assert (variables["A"], variables["B"]) == ("file", "option")


async def test_a_template_is_served(tmp_path: Path) -> None:
    """Its functions run as they are; what cannot is told."""
    (tmp_path / "app.py").write_text(
        "import os\ndef handler(event, context):\n    return os.environ['STAGE']\n"
    )
    (tmp_path / "t.yaml").write_text(
        "Parameters: {Stage: {Type: String}}\n"
        "Resources:\n"
        "  Js: {Type: AWS::Serverless::Function, Properties: {Runtime: nodejs22.x, Handler: a.b}}\n"
        "  Py:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      {Runtime: python3.13, Handler: app.handler, Environment: {Variables: {STAGE: !Ref Stage}},\n"
        "       Layers: [arn]}\n"
    )
    async with Served(tmp_path, "--file", "t.yaml", "--parameter", "Stage=test") as served:
        assert await served.invoke("Py") == "test"
    assert "Js is left out: its runtime is nodejs22.x" in served.log
    assert "Py: served without the layer arn: it is not of this template" in served.log


async def test_a_saved_file_is_served_within_a_second(tmp_path: Path) -> None:
    """The next call after a change runs the new code; what the function or its caller writes is no change."""
    app = tmp_path / "app.py"
    app.write_text("def handler(event, context):\n    return 1\n")
    async with Served(tmp_path, "app.handler", "--timeout", "10", "--record", "calls.json") as served:
        assert await served.invoke("function") == 1
        (tmp_path / "output.log").write_text("no source")
        (tmp_path / "out.json").write_text("the answer, as the AWS CLI writes it")
        app.write_text("def handler(event, context):\n    return 2\n")
        saved = time.monotonic()
        await until(lambda: "app.py has changed: function starts anew" in served.log)
        noticed = time.monotonic() - saved
        assert await served.invoke("function") == 2
        log = served.log
    assert noticed < 1
    assert log.count("has changed") == 1


async def test_saved_data_is_served_by_all_functions(tmp_path: Path) -> None:
    """A file of settings that was there at the start is part of each function; one line says so."""
    settings = tmp_path / "settings.json"
    settings.write_text("1")
    (tmp_path / "app.py").write_text(
        "SETTINGS = open('settings.json').read()\ndef handler(event, context):\n    return SETTINGS\n"
    )
    async with Served(tmp_path, "a=app.handler", "b=app.handler", "--timeout", "10") as served:
        assert await served.invoke("a") == "1"
        # An editor puts another file in its place.
        (tmp_path / "new").write_text("2")
        (tmp_path / "new").rename(settings)
        await until(lambda: "settings.json has changed: a, b start anew with the next call" in served.log)
        assert [await served.invoke(name) for name in ("a", "b")] == ["2", "2"]


async def test_a_saved_extension_is_started(
    toy_command: Sequence[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """In a new environment, whatever its name; what it writes beside itself is no change."""
    folder = extensions("agent", events=["INVOKE"])
    task = tmp_path / "task"
    task.mkdir()
    words = ("x.y", "--task-root", str(task), "--extensions", str(folder))
    async with Served(tmp_path, *words, "--", *toy_command) as served:
        await served.invoke("function")
        (folder / "output").touch()
        with (folder / "agent").open("a") as program:
            program.write("# changed\n")
        await until(lambda: "agent has changed: function starts anew" in served.log)
        await served.invoke("function")
        await until(lambda: served.log.count("registered ") == 2)
    assert "output has changed" not in served.log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly(number: signal.Signals, development: Development) -> None:
    """Exit status 0, no trace, no process left behind."""
    done = await aioric(
        "invoke", '{"do":"spawn","leaves":true}', "--tail", "--endpoint", development.endpoint
    )
    pids = [int(word) for word in done.stderr.decode().splitlines()[1].split()]
    development.process.send_signal(number)
    assert await anyio.to_thread.run_sync(development.process.wait) == 0
    assert not any(is_alive(pid) for pid in pids)
    assert "Traceback" not in development.log


@pytest.mark.parametrize(("host", "is_exposed"), [("localhost", False), ("::1", False), ("0.0.0.0", True)])  # noqa: S104 - what is held
async def test_what_others_can_reach_is_said(
    host: str, toy_command: Sequence[str], tmp_path: Path, *, is_exposed: bool
) -> None:
    """At the start, where it is anybody but this machine."""
    async with Served(tmp_path, "toy.handler", "--host", host, "--no-reload", "--", *toy_command) as served:
        await until(lambda: "/_aioric/" in served.log)
        served.process.terminate()
        await anyio.to_thread.run_sync(served.process.wait)
    said = "0.0.0.0 is not this machine alone: others on the network can run these functions as you, and see"
    assert (said in served.log) is is_exposed


async def test_nothing_survives_sigkill(development: Development) -> None:
    """The runtime and its children die with the emulator, though nobody could tell them."""
    done = await aioric(
        "invoke", '{"do":"spawn","leaves":false}', "--tail", "--endpoint", development.endpoint
    )
    pids = [int(word) for word in done.stderr.decode().splitlines()[1].split()]
    assert all(is_alive(pid) for pid in pids)
    development.process.kill()
    await until(lambda: not any(is_alive(pid) for pid in pids))


async def test_extensions_are_started_and_do_not_survive(
    toy_command: Sequence[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """Those of a folder, by its option; and after SIGKILL of the emulator none is left."""
    folder = str(extensions("agent", events=["INVOKE"]))
    async with Served(tmp_path, "x.y", "--extensions", folder, "--", *toy_command) as served:
        assert await served.invoke("function", '{"a": 1}') == {"a": 1}
        await until(lambda: "event INVOKE" in served.log)
        agent = int(served.log.partition("registered ")[2].split()[0])
        assert is_alive(agent)
        served.process.kill()
        await until(lambda: not is_alive(agent))


async def test_any_client_invokes(development: Development) -> None:
    """The address that it prints is the whole of it."""
    address = development.log.partition(" at ")[2].split()[0]
    async with httpx.AsyncClient() as client:
        assert (await client.post(address, content=b'{"a":1}')).json() == {"a": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("dev",), "Which function? aioric dev app.handler, or a=app.first"),
        (("dev", "a=x.y", "a=x.z"), "two functions are named a"),
        (("dev", "--memory", "512"), "--memory is for a function named here"),
        (("dev", "a.b", "--file", __file__), "not from both"),
        (("dev", "--file", __file__), "test_cli.py: "),
        (("dev", "a.b", "--concurrency", "2", "--freeze"), "Managed Instances (concurrency) know no freeze"),
        (("dev", "a.b", "--env", "1"), "'1' has no '='"),
        (("dev", "a.b", "--env-file", "/no/such"), "does not exist"),
        (("dev", "a.b", "--task-root", "/no/such"), "does not exist"),
        (("dev", "a.b", "--memory", "1"), "1 is not in the range"),
        (("dev", "a.b", "--host", "256.0.0.1"), "256.0.0.1: "),
        (("dev", "a b=a.b"), "a b: a function's name is 1 to 64 letters"),
        (("dev", "a.b", "--log-level", "DEBUG"), "log_level is of the log_format JSON"),
        (("dev", "a.b", "--concurrency", "2", "--max-environments", "2"), "is of a classic function"),
        (("invoke", "{}", "--event", "{}"), "One event: either EVENT or --event or --sample"),
        (("invoke", "@/no/such"), "@/no/such: No such file or directory"),
        (("invoke", "--client-context", "{"), "--client-context is no JSON: "),
        (("invoke", "--port", "1"), "No answer from http://127.0.0.1:1: "),
        (("invoke", "--endpoint", "nonsense"), "nonsense"),
        (("nonsense",), "No such command"),
        (("ps", "--port", "1"), "No `aioric dev` at http://127.0.0.1:1: "),
        (("events", "s4"), "there is no sample s4; there are alb"),
        (("events", "sqs", "x"), "'x' has no '='"),
        (("events", "sqs", "a.b=1"), "the sample sqs has no a.b"),
    ],
)
async def test_a_mistake_is_told(arguments: tuple[str, ...], message: str) -> None:
    """In words, without a trace, with a status that is not 0."""
    done = await aioric(*arguments)
    assert done.returncode != 0
    assert message in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


async def test_a_file_of_variables_names_the_line(tmp_path: Path) -> None:
    """The file's name and the line's number."""
    file = tmp_path / "vars.env"
    file.write_text("A=1\nB\n")
    done = await aioric("dev", "a.b", "--env-file", str(file))
    assert done.returncode == 2
    assert f"{file}, line 2: 'B' has no '='" in done.stderr.decode()


async def test_help_is_quick() -> None:
    """Neither an event loop nor an HTTP client is imported for it."""
    heavy = "anyio asyncio httpx httptools psutil uvloop aioric_emulator.emulator"
    code = (
        "import sys\n"
        "from aioric_emulator.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])\n"
    )
    done = await anyio.run_process([sys.executable, "-c", code], env=environment())
    assert done.stdout.endswith(b"[]\n")
    assert b"invoke" in done.stdout


async def test_the_version() -> None:
    """The package's own."""
    done = await aioric("--version")
    assert done.stdout.startswith(b"aioric ")
