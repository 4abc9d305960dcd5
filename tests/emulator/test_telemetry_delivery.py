"""Telemetry that arrives: over HTTP and TCP, at a real extension, from real invocations."""

from __future__ import annotations

import json
import socket
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aioric_emulator import Emulator
from aioric_emulator.messages import Answer
from aioric_emulator.server import listen
from aioric_emulator.subscriptions import Destination, Subscription
from aioric_emulator.telemetry import Telemetry
from aioric_emulator.telemetry_delivery import TelemetryDelivery
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from aioric_emulator.exchange import HttpExchange

SOON = {"timeoutMs": 25}
ALL = {"types": ["platform", "function", "extension"], "buffering": SOON}
FUNCTION = "def handler(event, context):\n    print('hello')\n    return event\n"


def read(path: Path) -> list[dict[str, Any]]:
    """Give the records that an extension has kept."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def types(records: list[dict[str, Any]]) -> list[str]:
    """Give what the records are of, without what extensions print, which comes in no certain order."""
    return [each["type"].removeprefix("platform.") for each in records if each["type"] != "extension"]


@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
async def test_an_invocation_is_recorded(
    greeter: Path, extensions: Callable[..., Path], protocol: str
) -> None:
    """All of it, to an extension beside our runtime, in order, with figures that are those of the report."""
    (greeter / "app.py").write_text(FUNCTION)
    kept = greeter / "records"
    request = {"schemaVersion": "2022-12-13", "protocol": protocol, **ALL}
    folder = extensions("agent", events=["SHUTDOWN"], telemetry=request, records=str(kept))
    async with Emulator("app.handler", task_root=greeter, extensions=folder) as fn:
        result = await fn.invoke({"a": 1}, trace_id="Root=1-2-3;Parent=ab12;Sampled=1")
        # The buffer's time alone brings it, while the environment waits for the next call.
        await until(lambda: "report" in types(read(kept)))
    # A runtime may have something to say while it starts.
    records = [each for each in read(kept) if each["type"] != "function" or each["record"] == "hello"]
    assert types(records) == [
        "initStart",
        "telemetrySubscription",
        "initRuntimeDone",
        "extension",
        "initReport",
        "start",
        "function",
        "runtimeDone",
        "report",
    ]
    by_type = {each["type"]: each for each in records}
    report = by_type["platform.report"]["record"]
    assert report["requestId"] == result.request_id
    assert report["metrics"]["durationMs"] == pytest.approx(result.report.duration_ms, abs=0.01)
    assert by_type["platform.start"]["record"]["tracing"]["spanId"] == "ab12"
    assert by_type["platform.runtimeDone"]["record"]["metrics"]["producedBytes"] == len('{"a": 1}')
    assert [span["name"] for span in by_type["platform.runtimeDone"]["record"]["spans"]] == [
        "responseLatency",
        "responseDuration",
        "runtimeOverhead",
    ]
    assert {"type": "function", "record": "hello"}.items() <= by_type["function"].items()
    assert 'subscribed "OK"' in [each["record"].strip() for each in records if each["type"] == "extension"]
    assert all(each["time"].endswith("Z") for each in records)


async def test_the_last_records_come_before_the_end(greeter: Path, extensions: Callable[..., Path]) -> None:
    """However long the subscriber lets its batches wait."""
    kept = greeter / "records"
    request = {"schemaVersion": "2025-01-29", "types": ["platform"], "buffering": {"timeoutMs": 30000}}
    folder = extensions("agent", events=["SHUTDOWN"], telemetry=request, records=str(kept))
    async with Emulator("app.handler", task_root=greeter, extensions=folder) as fn:
        await fn.invoke({})
        assert read(kept) == []
    assert types(read(kept))[-1] == "report"


async def test_logs_are_delivered_by_the_older_api(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """Also to a subscriber that refuses the first batch."""
    kept = tmp_path / "records"
    request = {"api": "logs", "schemaVersion": "2021-03-18", **ALL}
    folder = extensions("agent", events=["SHUTDOWN"], telemetry=request, records=str(kept), refuses=1)
    async with Emulator("x.y", command=toy_command, task_root=tmp_path, extensions=folder) as fn:
        result = await fn.invoke({"do": "print", "text": "one\ntwo\n"})
        await until(lambda: "report" in types(read(kept)))
    assert types(read(kept)) == [
        "logsSubscription",
        "function",
        "extension",
        "start",
        "function",
        "function",
        "runtimeDone",
        "end",
        "report",
    ]
    assert [each["record"] for each in read(kept) if each["type"] == "function"][1:] == ["one", "two"]
    assert {"requestId": result.request_id} in [each["record"] for each in read(kept)]


async def test_managed_instances_are_recorded(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """In the latest schema, and without an end of the runtime's part."""
    kept = tmp_path / "records"
    request = {"schemaVersion": "2025-01-29", "types": ["platform"], "buffering": SOON}
    folder = extensions("agent", events=["SHUTDOWN"], telemetry=request, records=str(kept))
    async with Emulator(
        "x.y", command=toy_command, task_root=tmp_path, extensions=folder, concurrency=1
    ) as fn:
        await fn.invoke({})
    assert types(read(kept))[-2:] == ["start", "report"]
    assert read(kept)[0]["record"]["initializationType"] == "lambda-managed-instances"


async def test_a_frozen_environment_gets_its_records_later(
    toy_command: list[str], tmp_path: Path, extensions: Callable[..., Path]
) -> None:
    """With the next invocation, as on the platform; or at the end."""
    kept = tmp_path / "records"
    request = {"schemaVersion": "2022-12-13", "types": ["platform"], "buffering": SOON}
    folder = extensions("agent", events=["SHUTDOWN"], telemetry=request, records=str(kept))
    async with Emulator("x.y", command=toy_command, task_root=tmp_path, extensions=folder, freeze=True) as fn:
        await fn.invoke({})
        assert "report" not in types(read(kept))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fn.invoke, {"do": "unanswered"})
            await until(lambda: "report" in types(read(kept)))
            tasks.cancel_scope.cancel()
    assert types(read(kept)).count("report") == 2


INSIDE = """
import json, os, threading, urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

API = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"]
seen = []


class Listener(BaseHTTPRequestHandler):
    def do_POST(self):
        seen.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def call(method, path, body=None, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    return urllib.request.urlopen(urllib.request.Request(API + path, data, names, method=method))


server = HTTPServer(("127.0.0.1", 0), Listener)
threading.Thread(target=server.serve_forever, daemon=True).start()
registered = call("POST", "/2020-01-01/extension/register", {"events": []}, Lambda_Extension_Name="inside")
me = {"Lambda_Extension_Identifier": registered.headers["Lambda-Extension-Identifier"]}
uri = f"http://sandbox.localdomain:{server.server_port}"
call("PUT", "/2022-07-01/telemetry", {
    "schemaVersion": "2022-12-13", "types": ["platform"], "buffering": {"timeoutMs": 25},
    "destination": {"protocol": "HTTP", "URI": uri},
}, **me)
poll = threading.Thread(target=call, args=("GET", "/2020-01-01/extension/event/next"), kwargs=me, daemon=True)
poll.start()


def handler(event, context):
    return [each["type"] for each in seen]
"""


async def test_an_internal_extension_is_told_too(greeter: Path) -> None:
    """A thread of our runtime's own process: nothing has to be started beside it."""
    (greeter / "app.py").write_text(INSIDE)
    async with Emulator("app.handler", task_root=greeter) as fn:
        seen: list[str] = []
        while "platform.report" not in seen:
            seen = (await fn.invoke({})).payload
    assert seen[0] == "platform.initStart"
    assert "platform.telemetrySubscription" in seen


# The deliverer by itself, with consumers that the test plays.


class Consumer:
    """An HTTP server that answers as it is told to, and keeps what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[HttpExchange] = []

    def handle(self, exchange: HttpExchange) -> None:
        self.requests.append(exchange)
        exchange.reply(Answer(self.statuses.pop(0) if self.statuses else 200))

    def disconnected(self, exchange: HttpExchange) -> bool:
        return exchange not in self.requests


@asynccontextmanager
async def delivering(destination: Destination) -> AsyncIterator[tuple[Telemetry, TelemetryDelivery]]:
    """Give telemetry that is subscribed to, and what delivers it."""
    telemetry = Telemetry(time.time() - time.monotonic())
    telemetry.subscribe(
        Subscription("e", "telemetry", "2022-12-13", ("function",), 1_000, 262_144, 0.025, destination), 0.0
    )
    delivery = TelemetryDelivery(telemetry, time.monotonic)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(delivery.run)
        yield telemetry, delivery
        tasks.cancel_scope.cancel()


async def test_a_request_is_as_the_platforms() -> None:
    """To the path and by the method that were asked for, with the environment's name."""
    consumer = Consumer()
    async with (
        listen(consumer, "127.0.0.1", 0) as server,
        delivering(Destination("HTTP", server.port, "/a?b=c", "PUT")) as (telemetry, delivery),
    ):
        telemetry.add("function", "hello", time.monotonic(), "hello")
        await delivery.settle(10)
    (request,) = consumer.requests
    assert (request.method, request.target) == ("PUT", "/a?b=c")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["host"] == f"sandbox.localdomain:{server.port}"
    assert [each["record"] for each in json.loads(request.body)] == ["hello"]


async def test_what_is_refused_is_sent_again() -> None:
    """The same batch; and it is settled when it has been taken."""
    consumer = Consumer(500, 429)
    async with (
        listen(consumer, "127.0.0.1", 0) as server,
        delivering(Destination("HTTP", server.port)) as (telemetry, delivery),
    ):
        telemetry.add("function", "hello", time.monotonic(), "hello")
        await delivery.settle(10)
        assert telemetry.is_settled
    assert len({request.body for request in consumer.requests}) == 1
    assert len(consumer.requests) == 3


@pytest.mark.parametrize("protocol", ["HTTP", "TCP"])
async def test_a_port_where_nobody_listens(protocol: Any) -> None:
    """Tried again until it is given up; meanwhile nothing else suffers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        async with delivering(Destination(protocol, port)) as (telemetry, delivery):
            telemetry.add("function", "lost", time.monotonic(), "lost")
            started = time.monotonic()
            await delivery.settle(0.05)
            assert time.monotonic() - started < 5
            assert not telemetry.is_settled
            await delivery.settle(10)
            assert telemetry.subscribers[0].dropped_records == 1


async def test_a_connection_is_kept_and_made_anew() -> None:
    """While it is open, one carries all; when it is lost, the next batch opens another."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        async with delivering(Destination("TCP", server.getsockname()[1])) as (telemetry, delivery):
            for text in ("one", "two"):
                telemetry.add("function", text, time.monotonic(), text)
                await delivery.settle(10)
            first, _ = server.accept()
            with first:
                assert b'"one"' in first.recv(1000)
            for text in ("lost", "three", "four"):
                telemetry.add("function", text, time.monotonic(), text)
                await delivery.settle(10)
            second, _ = server.accept()
            with second:
                assert b'"four"' in second.recv(10_000)


async def test_nobody_subscribes_and_nothing_is_done() -> None:
    """A notice is none then."""
    telemetry = Telemetry(0.0)
    delivery = TelemetryDelivery(telemetry, time.monotonic)
    delivery.notice()
    telemetry.subscribe(
        replace(
            Subscription("e", "telemetry", "2022-12-13", ("function",), 1, 1, 1.0, Destination("TCP", 1)),
            timeout=30.0,
        ),
        0.0,
    )
    delivery.notice()
    assert telemetry.is_settled
