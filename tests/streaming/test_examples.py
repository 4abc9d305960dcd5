"""The examples of streaming, as a reader would run them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import (
    AlbSettings,
    HttpApiSettings,
    RestApiSettings,
    UrlSettings,
    catch_all,
)

if TYPE_CHECKING:
    from aioric_emulator import Emulator
    from aioric_emulator.fronts.settings import FrontSettings

EXAMPLES = Path(__file__).parents[2] / "examples" / "streaming"

INVOKED = {
    "generator": ({"pause": 0}, b"streams are made of pieces "),
    "async_generator": ({"prompt": "good morning"}, b"You said: good morning "),
    "writer": ({}, b"0,0\r\n1,1\r\n2,4\r\n"),
    "file": ({}, (EXAMPLES / "file.py").read_bytes()),
}


@pytest.mark.parametrize("name", INVOKED)
async def test_an_example_streams(aioric_function: type[Emulator], name: str) -> None:
    """A plain call collects what each of them streams."""
    event, body = INVOKED[name]
    async with aioric_function(f"{name}.handler", task_root=EXAMPLES) as fn:
        assert (await fn.invoke(event)).raw == body


async def test_the_web_page_is_one(aioric_function: type[Emulator]) -> None:
    """A Function URL serves it with its headers and cookie."""
    async with (
        aioric_function("web_page.handler", task_root=EXAMPLES) as fn,
        fn.serve_url(invoke_mode="RESPONSE_STREAM") as url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        page = await http.get(url)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["set-cookie"] == "seen=1"
    assert page.text.endswith("<tr><td>5</td><td>25</td></tr></table>")


async def test_the_events_are_read_as_events(aioric_function: type[Emulator]) -> None:
    """A Function URL serves them as a browser expects."""
    async with (
        aioric_function("server_sent_events.handler", task_root=EXAMPLES) as fn,
        fn.serve_url(invoke_mode="RESPONSE_STREAM") as url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        events = await http.get(url)

    assert events.headers["content-type"] == "text/event-stream"
    assert events.text.split("\n\n")[2:4] == ["event: progress\nid: 3\ndata: 3 of 3", "data: done"]


async def test_one_handler_answers_both_callers(aioric_function: type[Emulator]) -> None:
    """Streamed for a Function URL, whole for a load balancer."""
    async with (
        aioric_function("both_callers.handler", task_root=EXAMPLES) as fn,
        fn.serve_url(invoke_mode="RESPONSE_STREAM") as url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        streamed = await http.get(f"{url}?name=Ada")
    async with aioric_function("both_callers.whole", task_root=EXAMPLES) as fn:
        whole = await fn.invoke({"queryStringParameters": {"name": "Ada"}})

    assert streamed.text == whole.payload["body"] == "Hello, Ada"
    assert whole.payload["statusCode"] == 200


WHOLE: dict[str, FrontSettings] = {
    "url": UrlSettings("function", 0),
    "http api": HttpApiSettings((Route("function"),), 0),
    "rest api": RestApiSettings(catch_all("function"), 0),
    "alb": AlbSettings("function", 0),
}


@pytest.mark.parametrize("front", WHOLE)
async def test_the_whole_is_answered_behind_every_front(aioric_function: type[Emulator], front: str) -> None:
    """What `stream_to_buffer` makes of a stream is an answer to all of them."""
    async with (
        aioric_function("both_callers.whole", task_root=EXAMPLES) as fn,
        fn.serve(WHOLE[front]) as url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        answer = await http.get(f"{url}?name=Ada")

    assert (answer.status_code, answer.text) == (200, "Hello, Ada")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_a_buffered_url_collects_what_is_streamed(aioric_function: type[Emulator]) -> None:
    """The same handler that streams needs no change for it: its prelude is read when all is there."""
    async with (
        aioric_function("web_page.handler", task_root=EXAMPLES) as fn,
        fn.serve_url() as url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        page = await http.get(url)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["set-cookie"] == "seen=1"
    assert page.headers["content-length"] == str(len(page.content))
    assert page.text.endswith("<tr><td>5</td><td>25</td></tr></table>")
