"""Functions on the local Lambda, in real processes: every way in which an invocation can end."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import anyio
import psutil
import pytest

from aioric_emulator import Emulator, InvokeRejectedError
from aioric_emulator.messages import MAX_PAYLOAD
from tests.emulator.polling import is_alive, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def toy(command: Sequence[str], task_root: Path, **settings: Any) -> Emulator:
    """Give an emulator of the toy runtime."""
    return Emulator("toy.handler", command=command, task_root=task_root, **settings)


async def test_an_event_goes_through(toy_command: list[str], tmp_path: Path) -> None:
    """The event arrives as it was given, with all that came along with it."""
    async with toy(toy_command, tmp_path, name="f", timeout=5) as fn:
        result = await fn.invoke(
            {"do": "headers"}, client_context={"a": "é"}, tenant_id="t", trace_id="Root=1-2-3"
        )
        plain = await fn.invoke(b'{"do":"headers"}', tenant_id="t")
    headers = result.payload
    assert headers["lambda-runtime-aws-request-id"] == result.request_id
    assert headers["lambda-runtime-client-context"] == '{"a": "\\u00e9"}'
    assert headers["lambda-runtime-aws-tenant-id"] == "t"
    assert headers["lambda-runtime-trace-id"] == "Root=1-2-3"
    assert (
        headers["lambda-runtime-invoked-function-arn"] == "arn:aws:lambda:us-east-1:123456789012:function:f"
    )
    assert headers["lambda-runtime-invocation-id"]
    assert plain.payload["lambda-runtime-trace-id"].startswith("Root=1-")
    assert "lambda-runtime-client-context" not in plain.payload


async def test_the_runtimes_environment_is_the_platforms(toy_command: list[str], tmp_path: Path) -> None:
    """Reserved names cannot be overridden; the others can."""
    own = {"MINE": "1", "AWS_LAMBDA_FUNCTION_NAME": "no", "_HANDLER": "no", "TZ": "Europe/Rome"}
    async with toy(toy_command, tmp_path, env=own, memory=256, name="f") as fn:
        variables = (await fn.invoke({"do": "variables"})).payload
    assert variables["MINE"] == "1"
    assert variables["TZ"] == "Europe/Rome"
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "f"
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert variables["_HANDLER"] == "toy.handler"
    assert variables["LAMBDA_TASK_ROOT"] == str(tmp_path)
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
    assert "AWS_LAMBDA_MAX_CONCURRENCY" not in variables


async def test_the_attempts_id_can_be_switched_off(toy_command: list[str], tmp_path: Path) -> None:
    """Older platforms do not send it, and check no echo."""
    async with toy(toy_command, tmp_path, sends_invocation_id=False) as fn:
        result = await fn.invoke({"do": "headers"})
        echoed = await fn.invoke({"echo": "made up"})
    assert "lambda-runtime-invocation-id" not in result.payload
    assert echoed.payload == {"echo": "made up"}


async def test_a_wrong_echo_leaves_the_invocation_open(toy_command: list[str], tmp_path: Path) -> None:
    """410; the runtime polls again, is given the event again, and the time is up in the end."""
    async with toy(toy_command, tmp_path, timeout=0.5) as fn:
        result = await fn.invoke({"echo": "wrong"})
    assert result.payload["errorType"] == "Sandbox.Timedout"
    assert "answered 410" in result.logs


async def test_lines_belong_to_their_invocation(toy_command: list[str], tmp_path: Path) -> None:
    """Both streams, whole lines; a last one without a newline is not lost."""
    async with toy(toy_command, tmp_path) as fn:
        first = await fn.invoke({"do": "print", "text": "a\nb\rc\n", "errors": "d\n"})
        second = await fn.invoke({"do": "after"})
        await fn.invoke({"do": "print", "text": "no end"})
    assert first.logs == ["a", "b\rc", "d"]
    assert second.logs == ["after the response"]
    assert fn.logs[-1] == "no end"
    assert fn.logs[:2] == ["INIT_START Runtime Version: " + fn.logs[0].rsplit(" ", 1)[1], "init "]


async def test_framed_messages_are_one_entry_each(toy_command: list[str], tmp_path: Path) -> None:
    """A message of several lines stays whole."""
    async with toy(toy_command, tmp_path, has_framed_log=True) as fn:
        result = await fn.invoke({"do": "frame", "text": "a\nb"})
    assert result.logs == ["a\nb"]


async def test_the_report_tells_true_figures(toy_command: list[str], tmp_path: Path) -> None:
    """Duration, memory and init are measured; START, END and REPORT frame the invocation's lines."""
    lines: list[str] = []
    async with toy(toy_command, tmp_path, on_line=lines.append) as fn:
        first = await fn.invoke({"do": "sleep", "seconds": 0.05})
        small = first.report.max_memory_mb
        second = await fn.invoke({"do": "grow", "size": 50_000_000})
    assert first.report.duration_ms >= 50
    assert first.report.init_ms is not None
    assert second.report.init_ms is None
    assert small + 40 < second.report.max_memory_mb < small + 60
    reports = [line for line in lines if line.startswith("REPORT")]
    assert f"START RequestId: {first.request_id} Version: $LATEST" in lines
    assert f"END RequestId: {first.request_id}" in lines
    assert f"\tDuration: {first.report.duration_ms:.2f} ms\t" in reports[0]
    assert f"\tInit Duration: {first.report.init_ms:.2f} ms" in reports[0]
    assert "Init Duration" not in reports[1]


async def test_a_function_error_is_the_answer(toy_command: list[str], tmp_path: Path) -> None:
    """The caller sees what was posted, and the environment is kept."""
    error = {"errorMessage": "no", "errorType": "ValueError"}
    async with toy(toy_command, tmp_path) as fn:
        result = await fn.invoke({"do": "error", "error": error})
        after = await fn.invoke({})
    assert result.function_error == "Unhandled"
    assert result.payload == error
    assert result.report.status == "success"
    assert after.report.init_ms is None


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"do": "exit", "status": 0}, "Runtime exited without providing a reason"),
        ({"do": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
        ({"do": "kill", "signal": signal.SIGKILL}, "Runtime exited with error: signal: killed"),
    ],
    ids=["exit 0", "exit 3", "killed"],
)
async def test_a_crash_is_an_exit_error(
    event: dict[str, Any], reason: str, toy_command: list[str], tmp_path: Path
) -> None:
    """The caller is told how the runtime ended, and the next call gets a new one."""
    async with toy(toy_command, tmp_path) as fn:
        result = await fn.invoke(event)
        after = await fn.invoke({"a": 1})
    assert result.payload == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {result.request_id} Error: {reason}",
    }
    assert (result.report.status, result.report.error_type) == ("error", "Runtime.ExitError")
    assert fn.logs.count("init ") == 2
    assert after.payload == {"a": 1}
    assert after.report.init_ms is not None


async def test_time_is_up(toy_command: list[str], tmp_path: Path) -> None:
    """The caller gets the timeout, the runtime is replaced."""
    async with toy(toy_command, tmp_path, timeout=0.3) as fn:
        result = await fn.invoke({"do": "unanswered"})
        after = await fn.invoke({"a": 1})
    assert result.payload["errorMessage"].endswith("Task timed out after 0.30 seconds")
    assert 300 <= result.report.duration_ms < 3000
    assert any(line.endswith("\tStatus: timeout") for line in fn.logs)
    assert after.payload == {"a": 1}


async def test_an_init_error_is_the_answer(toy_command: list[str], tmp_path: Path) -> None:
    """After the second try; both are in the log."""
    async with toy(toy_command, tmp_path, env={"TOY_INIT": "error"}) as fn:
        result = await fn.invoke({})
    assert result.payload == {"errorMessage": "no", "errorType": "Toy.InitError"}
    reports = [line for line in fn.logs if line.startswith("INIT_REPORT")]
    assert ["Phase: init" in line for line in reports] == [True, False]
    assert reports[1].endswith("\tPhase: invoke\tStatus: error\tError Type: Toy.InitError")
    assert fn.logs.count("init error") == 2


async def test_an_exit_during_init_is_an_exit_error(toy_command: list[str], tmp_path: Path) -> None:
    """The exit status is told."""
    async with toy(toy_command, tmp_path, env={"TOY_INIT": "exit"}) as fn:
        result = await fn.invoke({})
    assert result.payload["errorMessage"].endswith("exit status 4")


async def test_a_second_init_may_work(toy_command: list[str], tmp_path: Path) -> None:
    """It is part of the invocation then, and the invocation succeeds."""
    env = {"TOY_INIT": "once", "TOY_MARKER": str(tmp_path / "marker")}
    async with toy(toy_command, tmp_path, env=env) as fn:
        result = await fn.invoke({"a": 1})
    assert result.payload == {"a": 1}
    assert result.report.init_ms is None
    assert result.logs == ["init once"]


async def test_an_init_has_a_limit(toy_command: list[str], tmp_path: Path) -> None:
    """An init that hangs is ended, repeated, and ended by the function's own limit."""
    async with toy(toy_command, tmp_path, env={"TOY_INIT": "hang"}, init_limit=0.2, timeout=0.2) as fn:
        result = await fn.invoke({})
    assert result.payload["errorType"] == "Sandbox.Timedout"
    assert sum(line.endswith("Status: timeout") for line in fn.logs) == 3


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    """The caller is told which, and nothing is left behind."""
    async with toy(["/no/such/runtime"], tmp_path) as fn:
        result = await fn.invoke({})
    assert result.payload["errorType"] == "Runtime.InvalidEntrypoint"
    assert result.payload["errorMessage"].endswith("No such file or directory: '/no/such/runtime'")


async def test_a_folder_that_is_gone(toy_command: list[str], tmp_path: Path) -> None:
    """Where the function's folder was moved away, it is what is missing, and not the command."""
    folder = tmp_path / "task"
    folder.mkdir()
    async with toy(toy_command, folder) as fn:
        folder.rmdir()
        result = await fn.invoke({})
    assert result.payload["errorMessage"].endswith(f"No such file or directory: '{folder}'")


async def test_calls_run_side_by_side(toy_command: list[str], tmp_path: Path) -> None:
    """Each in an environment of its own, up to the limit, which throttles."""
    async with toy(toy_command, tmp_path, max_environments=2) as fn, anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(fn.invoke, {"do": "sleep", "seconds": 0.5})
        await until(lambda: sum(line.startswith("START") for line in fn.logs) == 2)
        with pytest.raises(InvokeRejectedError, match="TooManyRequestsException") as throttled:
            await fn.invoke({})
        assert throttled.value.status == 429


async def test_a_streamed_response_is_collected(toy_command: list[str], tmp_path: Path) -> None:
    """Chunks in order, answered after the last."""
    async with toy(toy_command, tmp_path) as fn:
        result = await fn.invoke({"do": "stream", "pieces": ["a", "é", "c"]})
    assert result.raw == "aéc".encode()
    assert result.content_type == "text/plain"
    assert result.logs == ["HTTP/1.1 202 Accepted"]


async def test_error_trailers_are_a_function_error(toy_command: list[str], tmp_path: Path) -> None:
    """The buffered caller gets the error that they carry."""
    error = {"errorMessage": "late", "errorType": "ValueError"}
    async with toy(toy_command, tmp_path) as fn:
        result = await fn.invoke({"do": "stream", "pieces": ["a"], "error": error})
    assert result.function_error == "Unhandled"
    assert result.payload == error
    assert result.logs == ["HTTP/1.1 202 Accepted"]


async def test_a_stream_that_breaks_off(toy_command: list[str], tmp_path: Path) -> None:
    """The caller is told, and the runtime goes on."""
    async with toy(toy_command, tmp_path) as fn:
        result = await fn.invoke({"do": "stream", "pieces": ["a"], "breaks": True})
        after = await fn.invoke({"a": 1})
    assert result.payload["errorType"] == "Runtime.TruncatedResponse"
    assert result.logs == ["HTTP/1.1 400 Bad Request"]
    assert after.report.init_ms is None


async def test_a_response_over_the_limit(toy_command: list[str], tmp_path: Path) -> None:
    """413 for the runtime, an error that names the size for the caller."""
    async with toy(toy_command, tmp_path) as fn:
        result = await fn.invoke({"do": "large", "size": MAX_PAYLOAD + 1})
        after = await fn.invoke({"do": "large", "size": MAX_PAYLOAD})
    assert result.payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert "(6291557 bytes)" in result.payload["errorMessage"]
    assert result.logs[0].startswith("413 ")
    assert len(after.raw) == MAX_PAYLOAD


@pytest.mark.parametrize(
    ("payload", "error_type", "status"),
    [
        (b"{", "InvalidRequestContentException", 400),
        (b"NaN", "InvalidRequestContentException", 400),
        (b"\xff", "InvalidRequestContentException", 400),
        (b"[" * 100_000, "InvalidRequestContentException", 400),
        (b"1" * (MAX_PAYLOAD + 1), "RequestTooLargeException", 413),
    ],
    ids=["half", "not a number", "not UTF-8", "too deep", "too large"],
)
async def test_a_payload_that_is_no_event(
    payload: bytes, error_type: str, status: int, toy_command: list[str], tmp_path: Path
) -> None:
    """It is refused before any environment is started."""
    async with toy(toy_command, tmp_path) as fn:
        with pytest.raises(InvokeRejectedError) as refused:
            await fn.invoke(payload)
    assert (refused.value.error_type, refused.value.status) == (error_type, status)
    assert fn.logs == []


async def test_nothing_survives_the_end(toy_command: list[str], tmp_path: Path) -> None:
    """Neither the runtime nor its children, nor one that left the process group."""
    async with toy(toy_command, tmp_path) as fn:
        stays = await fn.invoke({"do": "spawn", "leaves": False})
        leaves = await fn.invoke({"do": "spawn", "leaves": True})
        pids = [int(pid) for result in (stays, leaves) for pid in result.logs[0].split()]
        assert all(is_alive(pid) for pid in pids)
    await until(lambda: not any(is_alive(pid) for pid in pids))


async def test_children_die_with_a_crashed_runtime(toy_command: list[str], tmp_path: Path) -> None:
    """The environment ends as a whole."""
    async with toy(toy_command, tmp_path) as fn:
        spawned = await fn.invoke({"do": "spawn", "leaves": False})
        await fn.invoke({"do": "exit", "status": 1})
        pids = [int(pid) for pid in spawned.logs[0].split()]
        await until(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.parametrize("init", ["extension", ""], ids=["with an extension", "without"])
async def test_sigterm_is_for_the_registered(init: str, toy_command: list[str], tmp_path: Path) -> None:
    """A runtime with an internal extension is asked to end; another is killed."""
    marker = tmp_path / "marker"
    async with toy(toy_command, tmp_path, env={"TOY_INIT": init, "TOY_MARKER": str(marker)}) as fn:
        await fn.invoke({})
    assert marker.exists() == (init == "extension")


async def test_what_fails_in_the_body_comes_out_as_it_is(toy_command: list[str], tmp_path: Path) -> None:
    """No group of exceptions around a test's assertion."""

    async def fail() -> None:
        async with toy(toy_command, tmp_path) as fn:
            await fn.invoke({})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()


async def test_calls_that_run_at_the_end_are_told(toy_command: list[str], tmp_path: Path) -> None:
    """A call that outlives the context fails like a killed runtime's."""
    results: list[Any] = []

    async def invoke(fn: Emulator) -> None:
        results.append(await fn.invoke({"do": "unanswered"}))

    async with anyio.create_task_group() as tasks, toy(toy_command, tmp_path) as fn:
        tasks.start_soon(invoke, fn)
        await until(lambda: any(line.startswith("START") for line in fn.logs))
    assert results[0].payload["errorMessage"].endswith("signal: killed")


async def test_an_opening_that_is_cancelled_leaves_nothing(toy_command: list[str], tmp_path: Path) -> None:
    """Whenever that happens."""
    function = toy(toy_command, tmp_path, concurrency=1)
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with function:
            raise AssertionError
    assert scope.cancelled_caught
    assert not [child for child in psutil.Process().children() if child.name() == "sh"]


async def test_a_taken_port_is_an_error(toy_command: list[str], tmp_path: Path) -> None:
    """Raised at once, and nothing is left running."""
    async with toy(toy_command, tmp_path) as fn:
        port = int(fn.endpoint.rpartition(":")[2])
        with pytest.raises(OSError, match=r"127\.0\.0\.1:\d+: address already in use; name another port"):
            async with toy(toy_command, tmp_path, port=port):
                pass


async def test_the_event_is_given_again(toy_command: list[str], tmp_path: Path) -> None:
    """A runtime that lost its event polls again, and has it back."""
    async with toy(toy_command, tmp_path) as fn:
        result = await fn.invoke({"do": "lose", "marker": str(tmp_path / "lost")})
    assert result.payload["do"] == "lose"
    assert (tmp_path / "lost").exists()


async def test_lanes_serve_at_once(toy_command: list[str], tmp_path: Path) -> None:
    """Managed Instances: one process; the toy has one lane, whatever it is told it may have."""
    async with toy(toy_command, tmp_path, concurrency=2) as fn:
        result = await fn.invoke({"do": "variables"})
    variables = result.payload
    assert variables["AWS_LAMBDA_MAX_CONCURRENCY"] == "2"
    assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "lambda-managed-instances"
    assert variables["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert any('"type":"platform.report"' in line for line in fn.logs)


async def test_json_lines_find_their_invocation(toy_command: list[str], tmp_path: Path) -> None:
    """With many invocations at once a line belongs to the one that it names."""
    text = '{"requestId": 1}\n[]\n{"no": 1}\n{broken\n'
    async with toy(toy_command, tmp_path, concurrency=1) as fn:
        result = await fn.invoke({"do": "print", "text": text})
    assert result.logs == []
    assert "{broken" in fn.logs


async def test_the_official_client_runs_in_lanes(official_command: list[str], tmp_path: Path) -> None:
    """The client forks a worker for each lane, and logs to the socket it is given."""
    (tmp_path / "app.py").write_text(
        "import logging, os, time\n"
        "def handler(event, context):\n"
        "    logging.warning('here')\n"
        "    time.sleep(0.2)\n"
        "    return os.getpid()\n"
    )
    results = []

    async def invoke(fn: Emulator) -> None:
        results.append(await fn.invoke({}))

    function = Emulator("app.handler", task_root=tmp_path, command=official_command, concurrency=3)
    async with function as fn, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(invoke, fn)
    assert len({result.payload for result in results}) == 3
    for result in results:
        assert len(result.logs) == 1
        assert '"here"' in result.logs[0]


async def test_the_official_client_reports_its_errors(official_command: list[str], tmp_path: Path) -> None:
    """A handler that raises, and a module that is not there."""
    (tmp_path / "app.py").write_text("def handler(event, context):\n    raise ValueError('bad')\n")
    async with Emulator("app.handler", task_root=tmp_path, command=official_command) as fn:
        raised = await fn.invoke({})
    (tmp_path / "app.py").unlink()
    async with Emulator("app.handler", task_root=tmp_path, command=official_command) as fn:
        missing = await fn.invoke({})
    assert raised.payload["errorType"] == "ValueError"
    assert missing.payload["errorType"] == "Runtime.ImportModuleError"


SLOW_SECOND = """
import os, pathlib, time
SEEN = pathlib.Path(__file__).with_name("seen")
if SEEN.exists():
    time.sleep(5)
SEEN.touch()
def handler(event, context):
    time.sleep(event)
    return os.getpid()
"""


async def test_a_call_does_not_wait_for_an_init_while_another_is_idle(tmp_path: Path) -> None:
    """It had an environment started, and goes to the first one, which is done before that is up."""
    (tmp_path / "app.py").write_text(SLOW_SECOND)
    async with Emulator("app.handler", task_root=tmp_path, timeout=20) as fn:
        pid = (await fn.invoke(0)).payload
        answers: list[object] = []

        async def invoke(seconds: float) -> None:
            answers.append((await fn.invoke(seconds)).payload)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(invoke, 0.5)
            await until(lambda: sum(line.startswith("START") for line in fn.logs) == 2)
            tasks.start_soon(invoke, 0)
        assert answers == [pid, pid]
        assert fn.environment_count == 2
