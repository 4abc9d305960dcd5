"""A function under debugpy, looked at as an editor does: the Debug Adapter Protocol, by hand."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from tests.emulator.test_cli import Served, aioric

if TYPE_CHECKING:
    from pathlib import Path


class Debugger:
    """An editor's end of the protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._number = 0
        self._seen: list[dict[str, Any]] = []

    def send(self, command: str, **arguments: Any) -> None:
        """Ask for something; who wants the answer waits for it."""
        self._number += 1
        message = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def wait_for(self, kind: str, name: str) -> dict[str, Any]:
        """Give the next event or response of a name."""
        while True:
            head = await self._reader.readuntil(b"\r\n\r\n")
            message = json.loads(await self._reader.readexactly(int(head.split()[1])))
            if message["type"] == kind and name in {message.get("event"), message.get("command")}:
                found: dict[str, Any] = message
                return found


def free_port() -> int:
    """Give a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def attach(port: int, file: Path, line: int) -> tuple[Debugger, asyncio.StreamWriter]:
    """Attach as an editor does, with a breakpoint."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    debugger = Debugger(reader, writer)
    debugger.send("initialize", adapterID="test")
    await debugger.wait_for("response", "initialize")
    debugger.send("attach", justMyCode=False)
    await debugger.wait_for("event", "initialized")
    debugger.send("setBreakpoints", source={"path": str(file)}, breakpoints=[{"line": line}])
    debugger.send("configurationDone")
    await debugger.wait_for("response", "attach")
    return debugger, writer


APP = """import time
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    if event.get("sleeps"):
        time.sleep(60)
    doubled = event["n"] * 2
    return [doubled, left]
"""


@pytest.mark.timeout(60)
async def test_a_breakpoint_stops_the_function_and_its_deadline(tmp_path: Path) -> None:
    """Attach, stop in the handler for longer than its timeout, look at a variable, and go on."""
    app = tmp_path / "app.py"
    app.write_text(APP)
    port = free_port()
    words = ("app.handler", "--timeout", "2", "--debug-port", str(port), "--no-reload")
    async with Served(tmp_path, *words) as served:
        assert f"Attach a debugger to 127.0.0.1:{port}" in served.log
        assert (await served.invoke("function", '{"n": 1}'))[0] == 2
        debugger, writer = await attach(port, app, 7)
        answers: list[list[int]] = []

        async def invoke() -> None:
            answers.append(await served.invoke("function", '{"n": 21}'))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(invoke)
            stopped = (await debugger.wait_for("event", "stopped"))["body"]
            assert stopped["reason"] == "breakpoint"
            # Longer than the timeout that it would have.
            await anyio.sleep(2.3)
            assert answers == []
            debugger.send("stackTrace", threadId=stopped["threadId"])
            frame = (await debugger.wait_for("response", "stackTrace"))["body"]["stackFrames"][0]["id"]
            debugger.send("evaluate", expression="doubled + 1", frameId=frame)
            assert (await debugger.wait_for("response", "evaluate"))["body"]["result"] == "43"
            debugger.send("continue", threadId=stopped["threadId"])
        writer.close()
    ((doubled, left),) = answers
    assert doubled == 42
    assert left > 80_000_000


@pytest.mark.timeout(60)
async def test_without_a_debugger_the_deadline_holds(tmp_path: Path) -> None:
    """Before an editor attaches, and again when it has left: the function is told its timeout, and ended."""
    app = tmp_path / "app.py"
    app.write_text(APP)
    port = free_port()
    words = ("app.handler", "--timeout", "2", "--debug-port", str(port), "--no-reload")
    async with Served(tmp_path, *words) as served:
        _, left = await served.invoke("function", '{"n": 1}')
        assert left < 2100
        _, writer = await attach(port, app, 1)
        writer.close()
        timed_out = await served.invoke("function", '{"n": 1, "sleeps": true}')
        assert timed_out["errorType"] == "Sandbox.Timedout"
        # The next process listens where the one before did.
        assert (await served.invoke("function", '{"n": 2}'))[0] == 4
        _, writer = await attach(port, app, 1)
        writer.close()


@pytest.mark.timeout(60)
async def test_an_editor_may_come_first(tmp_path: Path) -> None:
    """It is led to the function's process when that is there, and the first call meets its breakpoint."""
    app = tmp_path / "app.py"
    app.write_text(APP)
    port = free_port()
    words = ("app.handler", "--timeout", "5", "--debug-port", str(port), "--no-reload")
    async with Served(tmp_path, *words) as served, anyio.create_task_group() as tasks:
        attached = anyio.Event()

        async def debug() -> None:
            _, writer = await attach(port, app, 1)
            attached.set()
            writer.close()

        tasks.start_soon(debug)
        assert (await served.invoke("function", '{"n": 3}'))[0] == 6
        await attached.wait()


@pytest.mark.timeout(60)
async def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    """Before anything is served, by its option."""
    (tmp_path / "app.py").write_text(APP)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = ("--task-root", str(tmp_path), "--debug-port", str(port), "--port", "0", "--no-reload")
        done = await aioric("dev", "app.handler", *words)
    assert done.returncode == 1
    assert f"--debug-port {port}: " in done.stderr.decode()
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a=x.y", "b=x.z"), "--debug-port is for one function"),
        (("a.b", "--concurrency", "2"), "--debug-port knows no --concurrency"),
        (("a.b", "--", "python"), "not a COMMAND"),
    ],
)
async def test_a_mistake_is_told(arguments: tuple[str, ...], message: str) -> None:
    """In words, without a trace."""
    done = await aioric("dev", "--debug-port", "5678", *arguments)
    assert done.returncode == 1
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr
