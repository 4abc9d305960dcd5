"""Real HTTP through every front to functions on our runtime: what passes, and what does not."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h11
import httpx
import pytest

from aioric_emulator.fronts.cors import Cors
from aioric_emulator.fronts.routes import Route
from aioric_emulator.fronts.settings import (
    RESPONSE_STREAM,
    AlbSettings,
    HttpApiSettings,
    RestApiSettings,
    UrlSettings,
    catch_all,
)
from tests.emulator.polling import until

if TYPE_CHECKING:
    from aioric_emulator import Emulator
    from aioric_emulator.fronts.settings import FrontSettings

TASK = Path(__file__).parent / "task"
NAME = "function"
FRONTS: dict[str, FrontSettings] = {
    "url": UrlSettings(NAME, 0),
    "streamed url": UrlSettings(NAME, 0, RESPONSE_STREAM),
    "http api": HttpApiSettings((Route(NAME),), 0),
    "http api 1.0": HttpApiSettings((Route(NAME, payload_format="1.0"),), 0),
    "rest api": RestApiSettings(catch_all(NAME), 0),
    "alb": AlbSettings(NAME, 0),
    "alb with lists": AlbSettings(NAME, 0, multi_value_headers=True),
}
# Those that take an answer apart, and read single headers of it.
PROXIES = ("url", "http api", "http api 1.0", "rest api", "alb")
# How each front says what went wrong.
BAD_REQUEST = {
    "url": (400, b'{"Message": "Bad Request"}'),
    "streamed url": (400, b'{"Message": "Bad Request"}'),
    "http api": (400, b'{"message":"Bad Request"}'),
    "rest api": (400, b'{"message": "Bad Request"}'),
    "alb": (400, b"<html>\r\n<head><title>400 Bad Request</title></head>"),
}
FAILED = {
    "url": (502, b"Internal Server Error"),
    "streamed url": (502, b"Internal Server Error"),
    "http api": (500, b'{"message":"Internal Server Error"}'),
    "rest api": (502, b'{"message": "Internal server error"}'),
    "alb": (502, b"<html>\r\n<head><title>502 Bad Gateway</title></head>"),
}


def client(url: str, **settings: Any) -> httpx.AsyncClient:
    """A client of one front."""
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=20, **settings)


async def exchange(url: str, data: bytes, *, method: bytes = b"GET", ends: bool = False) -> tuple[int, bytes]:
    """Send bytes as they are, and read the answer with another parser than ours."""
    reader, writer = await asyncio.open_connection(httpx.URL(url).host, httpx.URL(url).port)
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    parser.send(h11.EndOfMessage())
    try:
        writer.write(data)
        if ends:
            writer.write_eof()
        status, body = 0, b""
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return status, body
    finally:
        writer.close()


def both(answer: httpx.Response) -> tuple[int, bytes]:
    """Give what is compared with a table; of a page only its first line."""
    return answer.status_code, answer.content.partition(b"\r\n<body>")[0]


@pytest.mark.parametrize("front", FRONTS)
async def test_a_browser_is_answered(aioric_function: type[Emulator], front: str) -> None:
    """At `/`, by a function that shows its event; twice on one connection."""
    async with (
        aioric_function("app.echo", task_root=TASK) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url) as http,
    ):
        answers = [await http.get("/"), await http.get("/")]
    shown = answers[1].json()
    if "lists" in front:
        # What this function gives is for the other mode, in which `headers` is not read.
        assert answers[1].headers["content-type"] == "application/octet-stream"
    if front == "streamed url":
        # In this mode nothing is taken apart.
        shown = json.loads(shown["body"])

    assert [each.status_code for each in answers] == [200, 200]
    if "url" in front or front == "http api":
        assert (shown["rawPath"], shown["requestContext"]["http"]["method"]) == ("/", "GET")
    else:
        assert (shown["path"], shown["httpMethod"]) == ("/", "GET")
    shown_headers = shown.get("multiValueHeaders") or shown["headers"]
    assert any(name.lower() == "x-forwarded-port" for name in shown_headers)


@pytest.mark.parametrize("front", PROXIES)
async def test_bodies_in_chunks_and_after_a_question(aioric_function: type[Emulator], front: str) -> None:
    """A chunked body arrives whole, `Expect: 100-continue` is answered first, and OPTIONS passes."""
    pieces = iter([b'{"a":', b"1}"])

    async def chunks() -> Any:
        for piece in pieces:
            yield piece

    async with (
        aioric_function("app.echo", task_root=TASK) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url) as http,
    ):
        chunked = await http.post("/", content=chunks(), headers={"content-type": "application/json"})
        options = await http.options("/")
        reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
        head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"
        writer.write(head + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        asked = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"ok")
        expected = await reader.read()
        writer.close()

    assert chunked.json()["body"] == '{"a":1}'
    assert not {name.lower() for name in chunked.json()["headers"]} & {"transfer-encoding", "expect"}
    assert "OPTIONS" in options.text
    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b'\\"body\\": \\"ok\\"' in expected or b'"body": "ok"' in expected


@pytest.mark.parametrize("front", PROXIES)
async def test_answers_without_a_body_hold_none(aioric_function: type[Emulator], front: str) -> None:
    """To HEAD, and with 204 and 304: on one connection, which stays in step."""
    limits = httpx.Limits(max_connections=1)
    async with (
        aioric_function("app.say", task_root=TASK) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url, limits=limits) as http,
    ):
        head = await http.head("/200/twelve-bytes")
        nothing = await http.get("/204/body")
        same = await http.get("/304/body")
        after = await http.get("/418/teapot")

    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "12")
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert (same.status_code, same.content) == (304, b"")
    assert (after.status_code, after.text) == (418, "teapot")


@pytest.mark.parametrize("front", FAILED)
async def test_a_function_that_fails(aioric_function: type[Emulator], front: str) -> None:
    """Is answered by the service, in its own words and nothing of the function's."""
    async with (
        aioric_function("app.say", task_root=TASK) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url) as http,
    ):
        answer = await http.get("/raise/secret")

    assert both(answer) == FAILED[front]


REASONS = {
    "url": "the statusCode is 'no'",
    "http api": "the statusCode is 'no'",
    "rest api": "the statusCode is 'no'",
    "alb": "the statusCode is no number",
}


@pytest.mark.parametrize("front", REASONS)
async def test_the_log_says_why_an_answer_is_not_sent(aioric_function: type[Emulator], front: str) -> None:
    """The client learns nothing but that it failed; who looks for the reason finds it beside the function."""
    async with (
        aioric_function("app.odd", task_root=TASK) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url) as http,
    ):
        answer = await http.get("/")

    assert both(answer) == FAILED[front]
    assert (
        f"HTTP {FAILED[front][0]} to the client, since the function's answer cannot be sent: {REASONS[front]}"
    ) in fn.logs


async def test_the_log_says_where_a_stream_does_not_go(aioric_function: type[Emulator]) -> None:
    """A stream with a prelude behind a front that passes none on is told how to become a whole answer."""
    async with (
        aioric_function("app.stream", task_root=TASK) as fn,
        fn.serve(FRONTS["rest api"]) as url,
        client(url) as http,
    ):
        answer = await http.get("/")

    assert both(answer) == FAILED["rest api"]
    assert any(line.endswith("see aioric.stream_to_buffer") for line in fn.logs)


# A runtime of somebody's own, which announces a prelude.
RUNTIME = """
import http.client, os, sys
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
headers = {
    "Content-Type": "application/vnd.awslambda.http-integration-response",
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Transfer-Encoding": "chunked",
}
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    event = api.getresponse()
    event.read()
    path = f"/2018-06-01/runtime/invocation/{event.headers['Lambda-Runtime-Aws-Request-Id']}/response"
    api.request("POST", path, iter([bytes.fromhex(sys.argv[1])]), headers, encode_chunked=True)
    api.getresponse().read()
"""


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "no prelude that ends with eight NULs within 16384 bytes"),
        (b"x" * 20_000, "no prelude that ends with eight NULs within 16384 bytes"),
        (b"[]" + bytes(8), "the prelude: not an object"),
    ],
    ids=["endless", "too long", "no object"],
)
async def test_the_log_says_what_is_wrong_with_a_prelude(
    aioric_function: type[Emulator], body: bytes, reason: str
) -> None:
    """Who writes a runtime and streams no prelude where one is announced is told so."""
    command = [sys.executable, "-c", RUNTIME, body.hex()]
    async with (
        aioric_function("app.none", task_root=TASK, command=command) as fn,
        fn.serve(FRONTS["streamed url"]) as url,
        client(url) as http,
    ):
        answer = await http.get("/")

    assert both(answer) == FAILED["streamed url"]
    assert f"HTTP 502 to the client, since the function's answer cannot be sent: {reason}" in fn.logs


@pytest.mark.parametrize("front", FAILED)
async def test_a_function_that_times_out(aioric_function: type[Emulator], front: str) -> None:
    """By its own limit it is an error like others."""
    async with (
        aioric_function("app.slow", task_root=TASK, timeout=0.3) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url) as http,
    ):
        answer = await http.get("/?s=5")

    assert both(answer) == FAILED[front]


PATIENCE: dict[str, tuple[FrontSettings, tuple[int, bytes]]] = {
    "http api": (
        HttpApiSettings((Route(NAME, timeout=0.7),), 0),
        (503, b'{"message":"Service Unavailable"}'),
    ),
    "rest api": (
        RestApiSettings(catch_all(NAME), 0, timeout=0.7),
        (504, b'{"message": "Endpoint request timed out"}'),
    ),
}


@pytest.mark.parametrize("front", PATIENCE)
async def test_a_front_that_loses_patience(
    aioric_function: type[Emulator], tmp_path: Path, front: str
) -> None:
    """Before the function does: the client is told, the function goes on, and then takes another call."""
    flag = tmp_path / "flag"
    settings, expected = PATIENCE[front]
    async with (
        aioric_function("app.hold", task_root=TASK, timeout=30, max_environments=1) as fn,
        fn.serve(settings) as url,
        client(url) as http,
    ):
        late = await http.get(f"/?until={flag}")
        flag.touch()
        await until(lambda: any("REPORT" in line for line in fn.logs))
        after = await http.get("/")
        assert fn.environment_count == 1

    assert both(late) == expected
    assert f"HTTP {late.status_code} to the client, since the function took longer than" in " ".join(fn.logs)
    assert (after.status_code, after.text) == (200, "done")


THROTTLED = {
    "url": 429,
    "streamed url": 429,
    "http api": 503,
    "rest api": 500,
    "alb": 502,
}


@pytest.mark.parametrize("front", THROTTLED)
async def test_a_function_that_is_busy(aioric_function: type[Emulator], tmp_path: Path, front: str) -> None:
    """Beyond its reserved concurrency each front has another status for it."""
    flag = tmp_path / "flag"
    async with (
        aioric_function("app.hold", task_root=TASK, timeout=30, max_environments=1) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url) as http,
    ):
        held = asyncio.create_task(fn.invoke({"queryStringParameters": {"until": str(flag)}}))
        await until(flag.with_suffix(".begun").exists)
        answer = await http.get("/")
        flag.touch()
        await held

    assert answer.status_code == THROTTLED[front]
    why = f"HTTP {THROTTLED[front]} to the client, since the function was not invoked: Rate Exceeded."
    assert fn.logs.count(why) == 1


# What is sent beyond a service's limit, and how it says so.
MIB = 1024 * 1024
TOO_LARGE = {
    "url": (6 * MIB + 101, 413, b'{"Message": "Request Entity Too Large"}'),
    "http api": (10 * MIB + 1, 413, b'{"message":"Request Entity Too Large"}'),
    "rest api": (10 * MIB + 1, 413, b'{"message": "HTTP content length exceeded 10485760 bytes."}'),
    "alb": (MIB + 1, 413, b"<html>\r\n<head><title>413 Request Entity Too Large</title></head>"),
}
# Within the service's own limit, but not within Lambda's, once it is an event.
TOO_LARGE_FOR_LAMBDA = {
    "url": (5 * MIB, 413, b'{"Message": "Request must be smaller than 6291556 bytes'),
    "http api": (7 * MIB, 500, b'{"message":"Internal Server Error"}'),
    "rest api": (7 * MIB, 500, b'{"message": "Internal server error"}'),
}


@pytest.mark.parametrize("front", TOO_LARGE)
async def test_bodies_that_are_too_large(aioric_function: type[Emulator], front: str) -> None:
    """By the service's own limit, and by Lambda's for the event that is made of a body."""
    tables = [TOO_LARGE, *([TOO_LARGE_FOR_LAMBDA] if front in TOO_LARGE_FOR_LAMBDA else [])]
    async with (
        aioric_function("app.echo", task_root=TASK) as fn,
        fn.serve(FRONTS[front]) as url,
        client(url) as http,
    ):
        for size, status, body in (table[front] for table in tables):
            answer = await http.post("/", content=b"x" * size)
            assert (answer.status_code, answer.content[: len(body)]) == (status, body)
        told = [line for line in fn.logs if "since the function was not invoked: Request must be sm" in line]
        assert len(told) == len(tables) - 1


BROKEN = {
    "no HTTP": b"hello\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
    "a target that is no path": b"GET example.com HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a chunk that is none": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "half a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
}


@pytest.mark.parametrize("front", BAD_REQUEST)
async def test_requests_that_are_malformed(aioric_function: type[Emulator], front: str) -> None:
    """Each gets the service's own error, and no function hears of it."""
    async with aioric_function("app.echo", task_root=TASK) as fn, fn.serve(FRONTS[front]) as url:
        for name, data in BROKEN.items():
            status, body = await exchange(url, data, ends=True)
            assert (status, body.partition(b"\r\n<body>")[0]) == BAD_REQUEST[front], name
        huge = b"GET / HTTP/1.1\r\nX: " + b"x" * (MIB + 1)
        status, _ = await exchange(url, huge)
        assert status == (400 if front == "alb" else 431)
        assert fn.environment_count == 0


async def test_what_needs_no_function_starts_none(aioric_function: type[Emulator]) -> None:
    """A path without a route, and a browser's question before a call to another origin."""
    api = HttpApiSettings((Route(NAME, "/a"),), 0, cors=Cors(("*",), ("PUT",)))
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    async with (
        aioric_function("app.echo", task_root=TASK) as fn,
        fn.serve(api) as url,
        client(url) as http,
    ):
        lost = await http.get("/b")
        told = await http.options("/a", headers=asks)
        assert fn.environment_count == 0

    assert (lost.status_code, lost.json()) == (404, {"message": "Not Found"})
    assert (told.status_code, told.headers["access-control-allow-methods"]) == (204, "PUT")


STREAMS = {
    "stream": (201, "text/html", b"<p>streamed"),
    "plain_stream": (200, "application/octet-stream", b"no prelude"),
    "broken_stream": (502, "application/json", b"Internal Server Error"),
}


@pytest.mark.parametrize("handler", STREAMS)
async def test_a_buffered_url_gets_the_whole_of_a_stream(
    aioric_function: type[Emulator], handler: str
) -> None:
    """One handler serves both modes: here with a length, and with what its prelude says."""
    async with (
        aioric_function(f"app.{handler}", task_root=TASK) as fn,
        fn.serve_url() as url,
        client(url) as http,
    ):
        answer = await http.get("/")

    status, content_type, body = STREAMS[handler]
    assert (answer.status_code, answer.content) == (status, body)
    assert answer.headers["content-type"].partition(";")[0] == content_type
    assert answer.headers["content-length"] == str(len(body))
    if status == 201:
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
        assert answer.headers["x-a"] == "1"


async def test_a_stream_without_a_body_holds_none(aioric_function: type[Emulator]) -> None:
    """To HEAD, and with 204: on one connection, which stays in step."""
    limits = httpx.Limits(max_connections=1)
    async with (
        aioric_function("app.empty_stream", task_root=TASK) as fn,
        fn.serve_url(invoke_mode=RESPONSE_STREAM) as url,
        client(url, limits=limits) as http,
    ):
        answers = [await http.get("/"), await http.head("/"), await http.get("/")]
    async with (
        aioric_function("app.stream", task_root=TASK) as fn,
        fn.serve_url(invoke_mode=RESPONSE_STREAM) as url,
        client(url, limits=limits) as http,
    ):
        answers += [await http.head("/"), await http.get("/")]

    assert [(each.status_code, each.content) for each in answers] == [
        (204, b""),
        (204, b""),
        (204, b""),
        (201, b""),
        (201, b"<p>streamed"),
    ]


async def test_routes_lead_to_several_functions(tmp_path: Path) -> None:
    """One API before two functions of a local Lambda."""
    from aioric_emulator.fronts.serving import serve_fronts  # noqa: PLC0415 - used by this test alone
    from aioric_emulator.local_lambda import LocalLambda  # noqa: PLC0415 - likewise
    from aioric_emulator.selection import select_named  # noqa: PLC0415 - likewise

    functions = select_named({"shown": "app.echo", "said": "app.say"}, {"task_root": str(TASK)}, tmp_path)
    api = HttpApiSettings((Route("shown"), Route("said", "/418/{body}", "GET")), 0)
    async with (
        LocalLambda(functions) as lambda_,
        serve_fronts([api, UrlSettings("said")], lambda_.functions, "127.0.0.1", 0) as opened,
        client(opened[0][1]) as http,
        client(opened[1][1]) as direct,
    ):
        shown = await http.get("/other")
        said = await http.get("/418/teapot")
        url = await direct.get("/200/direct")

    assert shown.json()["routeKey"] == "$default"
    assert (said.status_code, said.text) == (418, "teapot")
    assert url.text == "direct"
