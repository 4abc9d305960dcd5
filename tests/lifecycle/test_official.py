"""The life of an environment on AWS's own emulator, in both of its modes, where that supports it."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.lifecycle.functions import PATIENCE, ROOT, TASK, handlers
from tests.official.conftest import classic, managed_instances
from tests.official.emulator import official_emulator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.official.emulator import Answer, OfficialEmulator

__all__ = ["classic", "managed_instances"]  # fixtures

pytestmark = pytest.mark.official
COMMAND = (ROOT / "bootstrap",)


HOOKS = {"CHOICE": "lifespan shutdown"}
IN_ORDER = ["second hook", "first hook", "database closes"]

both_modes = pytest.mark.parametrize("concurrency", [None, 2], ids=["classic", "managed instances"])


def until(emulator: OfficialEmulator, text: str, times: int = 1) -> None:
    """Wait for a text in the log."""
    deadline = time.monotonic() + PATIENCE
    while emulator.log.count(text) < times:
        assert time.monotonic() < deadline, f"no {text!r} in {emulator.log}"
        threading.Event().wait(0.01)


@pytest.mark.usefixtures("classic")
@handlers
def test_classic_lives_through_it(handler: str) -> None:
    """The extension is taken, so that SIGTERM arrives; lifespans and hooks for each answer run."""
    choice = {"CHOICE": "lifespan async-lifespan after-response"}
    with official_emulator(COMMAND, handler, task=TASK, environment=choice) as emulator:
        answers = [emulator.invoke({}) for _ in range(2)]
        log = emulator.log

    assert [answer.result["state"] for answer in answers] == [{"database": "open", "client": "open"}] * 2
    assert log.index("client opens") < log.index("exported")
    assert log.count("exported") == 2


@pytest.mark.usefixtures("managed_instances")
@handlers
def test_the_caller_has_the_answer_while_the_work_runs(handler: str) -> None:
    """On Managed Instances the answer is there before the background work has ended."""
    gate = TASK / "app.pyc-gate"  # never made: the work is cut
    event = {"work": ["block_async"], "path": str(gate)}
    with official_emulator(COMMAND, handler, task=TASK, concurrency=2) as emulator:
        answer = emulator.invoke_when_free(event)
        until(emulator, "background begins")

        assert "pid" in answer.result
        assert "background ends" not in emulator.log


@pytest.mark.usefixtures("classic")
@handlers
def test_the_classic_mode_keeps_the_answer_to_itself(handler: str, tmp_path: Path) -> None:
    """It has the answer while the work runs, and hands it on only when the runtime polls again."""
    gate = tmp_path / "gate"
    event = json.dumps({"work": ["block_async"], "path": str(gate)})
    with official_emulator(COMMAND, handler, task=TASK) as emulator:
        address = emulator.client.base_url
        with socket.create_connection((address.host, address.port or 80), timeout=PATIENCE) as caller:
            request = f"POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nHost: {address.host}\r\n"
            caller.sendall(f"{request}Content-Length: {len(event)}\r\n\r\n{event}".encode())
            until(emulator, "background begins")  # which it does when the emulator has said 202 to the answer
            told_early, _, _ = select.select([caller], [], [], 0.2)
            gate.touch()
            head = caller.recv(65536)

    assert not told_early
    assert head.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.usefixtures("managed_instances")
@both_modes
@handlers
def test_an_idle_environment_hears_of_its_end(handler: str, concurrency: int | None) -> None:
    """SIGTERM arrives since a hook is registered; every process runs its hooks and ends."""
    workers = concurrency or 1
    environment = HOOKS | {"AIORIC_WORKERS": "2"}
    with official_emulator(
        COMMAND, handler, task=TASK, concurrency=concurrency, environment=environment
    ) as emulator:
        assert emulator.invoke_when_free({}).status == 200
        until(emulator, "database opens", times=workers)
        runtimes = emulator.runtimes()
        assert emulator.shut_down() == 0
        log = emulator.log

    assert [log.count(text) for text in IN_ORDER] == [workers] * 3
    assert [log.index(text) for text in IN_ORDER] == sorted(log.index(text) for text in IN_ORDER)
    assert not any(runtime.is_running() for runtime in runtimes)


@pytest.mark.usefixtures("managed_instances")
@both_modes
@handlers
def test_a_busy_environment_is_ended_in_time(handler: str, concurrency: int | None) -> None:
    """What runs is interrupted, its `finally` and the hooks run, all before SIGKILL would come.

    Both modes give the invocation up first: the caller hears that, or nothing. Sometimes the classic mode
    still hands on what the handler's end was.
    """
    with (
        official_emulator(
            COMMAND, handler, task=TASK, concurrency=concurrency, environment=HOOKS
        ) as emulator,
        ThreadPoolExecutor(1) as caller,
    ):
        emulator.invoke_when_free({})
        call = caller.submit(emulator.invoke_when_free, {"hang": 30})
        until(emulator, "hanging")
        assert emulator.shut_down() == 0
        log = emulator.log
        answer = None if call.exception() else call.result()

    if concurrency is None:
        assert answer is None or answer.result["errorType"] in {"Interrupted", "CancelledError"}
    else:
        assert answer is not None
        assert answer.result == {"errorType": "Client.ExecutionEnvironmentShutDown"}
    assert log.count("finally") == 1
    assert "database closes" in log[log.index("finally") :]


@pytest.mark.usefixtures("classic")
@handlers
def test_a_timeout_ends_the_environment_with_its_hooks(handler: str) -> None:
    """The black box tells first where the handler stands; then the emulator says SIGTERM, and starts anew."""
    environment = HOOKS | {"AWS_LAMBDA_FUNCTION_TIMEOUT": "1"}
    with official_emulator(COMMAND, handler, task=TASK, environment=environment) as emulator:
        first = emulator.invoke({}).result["pid"]
        emulator.invoke({"hang": 30})
        until(emulator, "database closes")
        second = emulator.invoke({}).result["pid"]
        log = emulator.log

    assert log.index("Runtime.DeadlineNear") < log.index("first hook")
    assert second != first


@pytest.mark.usefixtures("classic")
@handlers
def test_the_next_event_comes_after_the_work(handler: str, tmp_path: Path) -> None:
    """In the classic mode the work is done within its invocation."""
    gate = tmp_path / "gate"
    answers: list[Answer] = []
    with official_emulator(COMMAND, handler, task=TASK) as emulator:
        event = {"work": ["block_async"], "path": str(gate)}
        call = threading.Thread(target=lambda: answers.append(emulator.invoke(event)))
        call.start()
        until(emulator, "background begins")
        gate.touch()
        call.join()
        answers.append(emulator.invoke({}))
        log = emulator.log

    assert [answer.status for answer in answers] == [200, 200]
    assert "background ends" in log
