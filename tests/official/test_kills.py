"""Workers that are killed at random, on AWS's own emulator in Managed Instances mode.

`AIORIC_KILLS_COUNT=100000` sets the number of invocations. The emulator keeps the polls of a dead worker on
its list: an event that it gives to one of them fails as if it had been in the worker's hands.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.official.emulator import ROOT, OfficialEmulator, official_emulator

COUNT = int(os.environ.get("AIORIC_KILLS_COUNT", "3000"))
SECONDS = 60 + COUNT / 200
TASK = Path(__file__).parent / "task"
LANES, WORKERS = 16, 2
EACH = LANES // WORKERS  # what a killed worker can have had in its hands, polls included
BACK_SECONDS = 1.0

pytestmark = pytest.mark.official


class Callers:
    """Sixteen callers that do not rest until all has been invoked."""

    def __init__(self, emulator: OfficialEmulator) -> None:
        url = emulator.client.base_url
        self._address = url.host, url.port
        self._left = iter(range(COUNT))
        self._lock = threading.Lock()
        self.answers: list[tuple[int, str]] = []
        self.failed: list[bytes] = []
        self.refused = 0  # no lane was free: nothing was handed out, and the caller asks again

    def call(self) -> None:
        """Invoke, one by one."""
        connection = http.client.HTTPConnection(*self._address, timeout=30)
        while (number := self._next()) is not None:
            while b"Runtime.Unavailable" in (body := self._invoke(connection, number)):
                self.refused += 1
            answer = json.loads(body)
            if "event" in answer:
                self.answers.append((answer["event"]["turn"], answer["request_id"]))
            else:
                self.failed.append(body)
        connection.close()

    def _next(self) -> int | None:
        with self._lock:
            return next(self._left, None)

    @staticmethod
    def _invoke(connection: http.client.HTTPConnection, number: int) -> bytes:
        connection.request("POST", "/2015-03-31/functions/function/invocations", json.dumps({"turn": number}))
        return connection.getresponse().read()


def workers(emulator: OfficialEmulator) -> list[psutil.Process]:
    """The processes that serve: the children of the runtime's first."""
    return [process for process in emulator.runtimes()[0].children() if _serves(process)]


def _serves(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.usefixtures("managed_instances")
@pytest.mark.timeout(SECONDS)
def test_only_what_a_killed_worker_had_fails() -> None:
    """No event is answered twice, all others are answered, and another worker is there within a second."""
    chance = random.Random(1)  # noqa: S311 - repeatable, not secret
    environment = {"AIORIC_WORKERS": str(WORKERS), "AWS_LAMBDA_FUNCTION_TIMEOUT": "2"}
    kills, back = 0, []
    with (
        official_emulator(
            (ROOT / "bootstrap",), "app.answer_async", task=TASK, concurrency=LANES, environment=environment
        ) as emulator,
        ThreadPoolExecutor(LANES) as pool,
    ):
        emulator.invoke_when_free({"turn": -1})
        callers = Callers(emulator)
        calls = [pool.submit(callers.call) for _ in range(LANES)]
        pause = threading.Event()
        while not all(call.done() for call in calls):
            pause.wait(chance.uniform(1.0, 2.0))
            serving = workers(emulator)
            if len(serving) < WORKERS:
                continue
            killed = chance.choice(serving)
            killed.kill()
            kills += 1
            began = time.monotonic()
            while len(now := workers(emulator)) < WORKERS or killed in now:
                pause.wait(0.005)
            back.append(time.monotonic() - began)
        for call in calls:
            call.result()
        log = emulator.log
    print(  # noqa: T201 - figures for who asks for them, with `pytest -s`
        f"{COUNT} invocations, {kills} kills, {len(callers.failed)} failed "
        f"{Counter(callers.failed).most_common(3)}, {callers.refused} refused, back within {max(back):.3f} s"
    )
    assert kills
    assert max(Counter(request_id for _, request_id in callers.answers).values()) == 1
    assert max(Counter(turn for turn, _ in callers.answers).values()) == 1
    assert len(callers.answers) + len(callers.failed) == COUNT
    assert len(callers.failed) <= kills * EACH
    assert "invoke id not found" not in log
    assert max(back) < BACK_SECONDS
