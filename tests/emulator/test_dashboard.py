"""The page at `/_aioric/`: its parts over HTTP, live events, what it keeps, and whom it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest

from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.history import History, shorten
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.messages import Ending, Invocation, Outcome
from tests.emulator.rig import Recorder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def local(toy_command: list[str], tmp_path: Path) -> AsyncIterator[LocalLambda]:
    """Give a toy function with a dashboard."""
    configuration = FunctionConfiguration("toy.handler", tuple(toy_command), tmp_path)
    async with LocalLambda([configuration], has_dashboard=True) as running:
        yield running


async def test_an_invocation_is_seen_live(local: LocalLambda) -> None:
    """From its beginning to its figures, with event, answer and log; a page that comes later sees it too."""
    seen: list[dict[str, Any]] = []
    async with httpx.AsyncClient(base_url=local.endpoint, timeout=20) as client:
        async with client.stream("GET", "/_aioric/events") as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            await local.functions["function"].invoke({"do": "print", "text": "hello\\n"})
            async for line in stream.aiter_lines():
                if line:
                    seen.append(json.loads(line.removeprefix("data: ")))
                if seen and seen[-1]["state"] == "done":
                    break
        state = (await client.get("/_aioric/state")).json()
    assert [entry["state"] for entry in seen] == ["running", "answered", "done"]
    last = seen[-1]
    assert json.loads(last["event"])["text"] == "hello\\n"
    assert json.loads(last["answer"])["text"] == "hello\\n"
    assert last["is_whole"] is True
    assert last["init_ms"] > 0
    assert last["memory_mb"] > 0
    assert state["invocations"] == [last]
    assert state["functions"][0]["environments"][0]["state"] == "idle"


async def test_a_page_that_leaves_is_forgotten(local: LocalLambda) -> None:
    """What happens after it, is told to nobody."""
    async with httpx.AsyncClient(base_url=local.endpoint, timeout=20) as client:
        async with client.stream("GET", "/_aioric/events") as stream:
            assert stream.status_code == 200
        with anyio.fail_after(10):
            assert (await local.functions["function"].invoke({"a": 1})).payload == {"a": 1}


async def test_the_page_needs_nothing_else(local: LocalLambda) -> None:
    """One document, which may load nothing from elsewhere."""
    async with httpx.AsyncClient(base_url=local.endpoint) as client:
        page = await client.get("/_aioric/")
        missing = await client.get("/_aioric/nothing")
        posted = await client.post("/_aioric/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http://" not in page.text
    assert "https://" not in page.text
    assert (missing.status_code, posted.status_code) == (404, 405)


async def test_a_browser_that_knows_the_port_finds_the_page(local: LocalLambda) -> None:
    """The root leads there; what else asks for it is told that there is no such operation."""
    async with httpx.AsyncClient(base_url=local.endpoint) as client:
        led = await client.get("/")
        posted = await client.post("/")
    assert (led.status_code, led.headers["location"]) == (302, "/_aioric/")
    assert posted.status_code == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:1", 200),
        ("a.localhost", 200),
        ("[::1]:8080", 200),
        ("evil.example", 403),
        ("", 403),
        ("[", 403),
    ],
)
async def test_it_is_for_this_machine(local: LocalLambda, host: str, status: int) -> None:
    """A name of the web that leads here gets nothing."""
    async with httpx.AsyncClient(base_url=local.endpoint) as client:
        assert (await client.get("/_aioric/state", headers={"Host": host})).status_code == status


async def test_it_is_only_there_when_asked_for(toy_command: list[str], tmp_path: Path) -> None:
    """Tests and programs have no page."""
    configuration = FunctionConfiguration("toy.handler", tuple(toy_command), tmp_path)
    async with (
        LocalLambda([configuration]) as running,
        httpx.AsyncClient(base_url=running.endpoint) as client,
    ):
        assert (await client.get("/_aioric/")).status_code == 404


def test_a_history_is_bounded() -> None:
    """Old invocations, long texts and many lines are left out; what is not known, changes nothing."""
    history = History()
    invocations = [Invocation(str(number), b"{}", 1.0, Recorder()) for number in range(201)]
    for invocation in invocations:
        history.began("f", 1, invocation)
    assert len(history.entries) == 200
    assert history.entries[0]["id"] == "1"
    for _ in range(600):
        history.logged(invocations[1], "line")
    assert len(history.entries[0]["logs"]) == 500
    history.logged(None, "nobody's")
    history.logged(invocations[0], "forgotten")
    history.answered(invocations[0], Outcome(b""))
    history.finished(invocations[0], Ending(0.0), 0)
    history.answered(invocations[1], Outcome(b"", is_error=True))
    history.finished(invocations[1], Ending(0.0), 0)
    assert history.entries[0]["state"] == "failed"
    assert shorten(b"x" * 70_000, 70_000).endswith("… (70000 bytes)")
