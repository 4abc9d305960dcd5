"""The local Lambda for tests without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from aioric_emulator.fronts.settings import AlbSettings
from aioric_emulator.results import InvokeRejectedError
from aioric_emulator.sync_emulator import SyncEmulator

if TYPE_CHECKING:
    from pathlib import Path


def test_a_function_without_a_loop(toy_command: list[str], tmp_path: Path) -> None:
    """Everything that the other flavour has, by calls that block."""
    file = tmp_path / "records"
    settings = {"command": toy_command, "task_root": tmp_path, "on_success": file}
    with SyncEmulator("toy.handler", **settings) as fn:
        assert fn.endpoint.startswith("http://127.0.0.1:")
        assert fn.invoke({"a": 1}).payload == {"a": 1}
        fn.enqueue({"b": 2})
        assert fn.invoke({}, cold=True).report.init_ms
        assert fn.configuration.name == "function"
        assert any(line.startswith("REPORT") for line in fn.logs)
        with pytest.raises(InvokeRejectedError, match="InvalidRequestContentException"):
            fn.invoke(b"{")
    assert len(fn.init_durations) >= 2


def test_fronts_without_a_loop(toy_command: list[str], tmp_path: Path) -> None:
    """Served while their contexts are open, for any HTTP client."""
    alb = AlbSettings("function", 0)
    with (
        SyncEmulator("toy.handler", command=toy_command, task_root=tmp_path) as fn,
        fn.serve_url() as url,
        fn.serve(alb) as other,
    ):
        answer = httpx.get(f"{url}a", trust_env=False)
        # The toy gives the event back, which is no answer to a load balancer.
        assert (answer.status_code, answer.json()["rawPath"]) == (200, "/a")
        assert httpx.get(other, trust_env=False).status_code == 502
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)


def test_what_cannot_start_is_told(tmp_path: Path) -> None:
    """The error comes out where the context is entered, and no thread is left."""
    with pytest.raises(OSError, match=r"."), SyncEmulator("a.b", task_root=tmp_path, host="256.0.0.1"):
        raise AssertionError("never entered")
