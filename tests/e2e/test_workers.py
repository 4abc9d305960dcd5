"""Worker processes on Managed Instances: started, hooked, killed, replaced, told to end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil
import pytest

from aioric_emulator.results import InvokeRejectedError
from tests.drivers.peer import Peer, event, http

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aioric_emulator import Emulator

ROOT = Path(__file__).parents[2]
TASK = Path(__file__).parent / "task"
COMMAND = ["/usr/bin/env", f"AIORIC_PYTHON={sys.executable}", str(ROOT / "bootstrap")]
PATIENCE = 15.0  # seconds, for what must happen
LANES = 4


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The platform, played by the test."""
    with Peer() as peer:
        yield peer


class Runtime:
    """The bootstrap as a process of the test's, with what it wrote."""

    def __init__(self, peer: Peer, handler: str, folder: Path, lanes: int, env: dict[str, str]) -> None:
        self.log = folder / "log"
        variables = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{peer.port}",
            "AWS_LAMBDA_MAX_CONCURRENCY": str(lanes),
            "LAMBDA_TASK_ROOT": str(TASK),
            "AIORIC_PYTHON": sys.executable,
            "_HANDLER": handler,
            "PATH": os.environ["PATH"],
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
            **env,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [ROOT / "bootstrap"], env=variables, stdout=log, stderr=subprocess.STDOUT, cwd=TASK
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            family = psutil.Process(self.process.pid).children(recursive=True)
            for relative in [psutil.Process(self.process.pid), *family]:
                relative.kill()
        self.process.wait(PATIENCE)

    def ended(self) -> int:
        """Its exit status, when it has ended."""
        return self.process.wait(PATIENCE)

    def workers(self) -> list[psutil.Process]:
        """Its children that live."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]

    def said(self, text: str) -> bool:
        """Wait for a text in the log."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.log.read_text():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.01)
        return True


FORMS = {
    "async": ("crowd.ends", {"AIORIC_WORKERS": "2"}, 2),
    "one process": ("crowd.ends", {"AIORIC_WORKERS": "1"}, 0),
    "def": ("crowd.sync", {}, LANES),
    "threads": ("crowd.sync", {"AIORIC_SYNC": "threads", "AIORIC_WORKERS": "2"}, 2),
    "each imports": ("crowd.ends", {"AIORIC_WORKERS": "2", "AIORIC_PRELOAD": "0"}, 2),
    "cannot be forked": ("crowd.ends", {"AIORIC_WORKERS": "2", "LEAVE_THREAD": "1"}, 2),
    "forked all the same": (
        "crowd.ends",
        {"AIORIC_WORKERS": "2", "LEAVE_THREAD": "1", "AIORIC_PRELOAD": "1"},
        2,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_as_many_polls_as_promised(peer: Peer, tmp_path: Path, form: str) -> None:
    """N polls are outstanding, never more, in as many processes as were asked for; none is withdrawn."""
    handler, env, workers = FORMS[form]
    with Runtime(peer, handler, tmp_path, LANES, env) as runtime:
        lines = [peer.accept() for _ in range(LANES)]
        for line in lines:
            line.expect_poll()

        assert peer.deserted()
        assert all(line.silent() for line in lines)
        assert len(runtime.workers()) == workers
        assert ("cannot share: 1 thread (metrics)" in runtime.log.read_text()) == ("LEAVE_THREAD" in env)


@pytest.mark.parametrize("form", ["async", "def", "threads", "each imports"])
def test_a_failed_import_is_reported_once(peer: Peer, tmp_path: Path, form: str) -> None:
    """However many workers there would have been, the platform hears of the failure once."""
    handler, env, _ = FORMS[form]
    with Runtime(peer, handler, tmp_path, LANES, {"FAIL": "1", **env}) as runtime:
        line = peer.accept()
        line.expect("POST", "/2018-06-01/runtime/init/error")
        line.send(http(202))

        assert runtime.ended() == 1
        assert peer.deserted()
        assert runtime.log.read_text().count("importing in vain") == 1


@pytest.mark.parametrize("form", ["async", "def", "each imports"])
def test_sigterm_is_passed_on(peer: Peer, tmp_path: Path, form: str) -> None:
    """SIGTERM for the parent ends all workers, none of which is replaced, and then the parent."""
    handler, env, _ = FORMS[form]
    with Runtime(peer, handler, tmp_path, LANES, env) as runtime:
        for line in [peer.accept() for _ in range(LANES)]:
            line.expect_poll()
        workers = runtime.workers()
        runtime.process.send_signal(signal.SIGTERM)

        assert runtime.ended() == 0
        assert not any(worker.is_running() for worker in workers)
        assert "Worker process" not in runtime.log.read_text()


def test_a_platform_that_refuses_all_is_the_end(peer: Peer, tmp_path: Path) -> None:
    """When every worker is refused, the environment ends, with a status that tells so."""
    with Runtime(peer, "crowd.sync", tmp_path, 2, {}) as runtime:
        for line in [peer.accept(), peer.accept()]:
            line.expect_poll()
            line.send(http(500))

        assert runtime.ended() == 1
        assert peer.deserted()


def test_a_worker_that_ends_itself_is_replaced(peer: Peer, tmp_path: Path) -> None:
    """The log says which worker ended and how; its slots poll again, the others' never stopped."""
    with Runtime(peer, "crowd.ends", tmp_path, 2, {"AIORIC_WORKERS": "2"}) as runtime:
        first, second = peer.accept(), peer.accept()
        first.expect_poll()
        second.expect_poll()
        first.send(event("id-1", b'{"status": 3}'))
        again = peer.accept()
        again.expect_poll()

        assert first.hung_up()
        assert second.silent()
        assert runtime.said("ended with 3 and takes 1 invocations at once with it")
        assert peer.deserted()


def test_a_thread_that_ends_the_process_lets_the_others_answer(peer: Peer, tmp_path: Path) -> None:
    """A refusal on one thread's connection ends the worker after what the other is serving is answered."""
    env = {"AIORIC_SYNC": "threads", "AIORIC_WORKERS": "1"}
    with Runtime(peer, "crowd.sync", tmp_path, 2, env) as runtime:
        first, second = peer.accept(), peer.accept()
        first.expect_poll()
        second.expect_poll()
        second.send(event("id-1", b'{"sleep": 0.5}'))
        first.send(http(500))
        # The answer needs another connection if the wait for an event was ended as one arrived.
        line = second if second.segment() else peer.accept()
        line.expect_response("id-1")
        line.send(http(202))

        assert runtime.ended() == 1


@pytest.mark.parametrize(
    ("handler", "env"),
    [
        ("forked.imported", {}),
        ("forked.imported_plain", {}),
        ("forked.imported_plain", {"AIORIC_SYNC": "threads"}),
    ],
    ids=["async", "def", "threads"],
)
async def test_workers_import_nothing_to_serve(
    aioric_function: type[Emulator], handler: str, env: dict[str, str]
) -> None:
    """All that serving takes is loaded before the fork: what a worker imports it shares with none."""
    async with aioric_function(
        handler, task_root=TASK, command=COMMAND, env={"AIORIC_WORKERS": "2", **env}, concurrency=2
    ) as fn:
        assert await ask(fn, {}) == ("", [])


async def test_hooks_surround_the_fork(aioric_function: type[Emulator]) -> None:
    """`before_fork` runs once in the parent, `after_fork` once in each worker, also in one that replaces."""
    env = {"AIORIC_WORKERS": "2"}
    async with aioric_function(
        "crowd.asynchronous", task_root=TASK, command=COMMAND, env=env, concurrency=2
    ) as fn:
        seen: dict[int, list[str]] = {}
        killed = 0
        async with asyncio.timeout(PATIENCE):
            while len(seen) < 3:
                fate, result = await ask(fn, {})
                if fate == "":
                    seen[result["process"]] = result["hooks"]
                if len(seen) == 2 and not killed:  # and now wait for its successor
                    killed = min(seen)
                    os.kill(killed, signal.SIGKILL)

    assert len(seen) == 3
    assert set(map(tuple, seen.values())) == {("before", "after")}


async def ask(fn: Emulator, event: dict[str, Any]) -> tuple[str, Any]:
    """An invocation's fate: what went wrong, if anything, and its result."""
    try:
        result = await fn.invoke(event)
    except InvokeRejectedError:
        await asyncio.sleep(0.005)
        return "rejected", None
    return result.function_error or "", result.payload


@pytest.mark.parametrize("handler", ["crowd.asynchronous", "crowd.sync"])
async def test_random_kills_harm_only_who_is_hit(aioric_function: type[Emulator], handler: str) -> None:
    """While workers are killed, no event is answered twice, and afterwards all slots are back."""
    env = {"AIORIC_WORKERS": "2"}
    answered: Counter[str] = Counter()
    failed = 0
    async with aioric_function(
        handler, task_root=TASK, command=COMMAND, env=env, concurrency=LANES, timeout=1
    ) as fn:

        async def caller(kills: int) -> None:
            nonlocal failed
            for number in range(400):
                fate, result = await ask(fn, {})
                if fate == "":
                    answered[result["id"]] += 1
                    if kills and number % 100 == 50:
                        os.kill(result["process"], signal.SIGKILL)
                elif fate != "rejected":
                    failed += 1

        await asyncio.gather(*(caller(kills=number == 0) for number in range(LANES)))
        # A poll that died with its worker is still on the platform's list, and an event goes to it.
        for _ in range(20):
            fates = await asyncio.gather(*(ask(fn, {"sleep": 0.1}) for _ in range(LANES)))
            if all(fate == "" for fate, _ in fates):
                break
        else:
            pytest.fail(f"the slots did not come back: {fates}")

    assert set(answered.values()) == {1}
    # Four kills: those in hand, and as many polls on the platform's list, of at most all slots each.
    assert failed <= 4 * 2 * LANES
