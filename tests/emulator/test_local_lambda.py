"""Many functions behind one endpoint: names, queues, destinations, throttling, cold starts, recycling."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import boto3
import httpx
import pytest
from botocore.config import Config

from aioric_emulator.asynchronous import EventPolicy
from aioric_emulator.configuration import FunctionConfiguration
from aioric_emulator.destinations import Destinations
from aioric_emulator.emulator import Emulator
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.results import InvokeRejectedError
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def closing() -> Iterator[list[Any]]:
    """Give a list whose clients are closed after the test."""
    clients: list[Any] = []
    yield clients
    for client in clients:
        client.close()


def boto(endpoint: str, closing: list[Any]) -> Any:
    """Give boto3's client, which tries once."""
    client = boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106 - nobody checks it
        config=Config(retries={"max_attempts": 0}),
    )
    closing.append(client)
    return client


def configure(name: str, command: list[str], task_root: Path, **settings: Any) -> FunctionConfiguration:
    """Give the configuration of a toy function."""
    return FunctionConfiguration("toy.handler", tuple(command), task_root, name=name, **settings)


async def test_two_functions_share_an_endpoint(toy_command: list[str], tmp_path: Path) -> None:
    """Each is called by its name and has its own environments."""
    both = [configure(name, toy_command, tmp_path) for name in ("one", "two")]
    async with LocalLambda(both) as local, httpx.AsyncClient(base_url=local.endpoint) as client:
        names = []
        for name in ("one", "two", "arn:aws:lambda:eu-west-1:123456789012:function:two:live"):
            path = f"/2015-03-31/functions/{name}/invocations"
            names.append((await client.post(path, content=b'{"do":"headers"}')).json())
        missing = await client.post("/2015-03-31/functions/three/invocations")
    arns = [each["lambda-runtime-invoked-function-arn"].partition("function:")[2] for each in names]
    assert arns == ["one", "two", "two:live"]
    assert (
        missing.json()["Message"]
        == "Function not found: arn:aws:lambda:us-east-1:123456789012:function:three"
    )


def test_names_are_unique(toy_command: list[str], tmp_path: Path) -> None:
    """Two functions of one name are refused."""
    with pytest.raises(ValueError, match="two functions are named f"):
        LocalLambda([configure("f", toy_command, tmp_path)] * 2)


async def test_an_event_is_accepted_and_handled(
    toy_command: list[str], tmp_path: Path, closing: list[Any]
) -> None:
    """202 without a body at once; what comes of it goes to the destination, with the same request id."""
    records: list[dict[str, Any]] = []
    async with Emulator(
        "toy.handler", command=toy_command, task_root=tmp_path, on_success=records.append
    ) as fn:
        client = boto(fn.endpoint, closing)
        reply = await anyio.to_thread.run_sync(
            lambda: client.invoke(
                FunctionName="function", InvocationType="Event", Payload=b'{"do":"headers"}'
            )
        )
        await until(lambda: records)
    (record,) = records
    assert (reply["StatusCode"], reply["Payload"].read()) == (202, b"")
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["requestId"] == reply["ResponseMetadata"]["RequestId"]
    assert (
        record["responsePayload"]["lambda-runtime-aws-request-id"] == reply["ResponseMetadata"]["RequestId"]
    )


async def test_a_failing_event_is_tried_three_times(toy_command: list[str], tmp_path: Path) -> None:
    """With one request id, and an attempt's id of its own each; then it goes to the file."""
    file = tmp_path / "failures.jsonl"
    async with Emulator(
        "toy.handler",
        command=toy_command,
        task_root=tmp_path,
        events=EventPolicy(retry_delay=0.01),
        on_failure=file,
    ) as fn:
        request_id = fn.enqueue({"do": "error", "error": {"errorType": "E"}}, trace_id="Root=1-1-1")
        await until(file.exists)
        starts = [line for line in fn.logs if line.startswith("START")]
    record = json.loads(file.read_text())
    assert starts == [f"START RequestId: {request_id} Version: $LATEST"] * 3
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"] == {"errorType": "E"}


async def test_an_event_waits_for_room(toy_command: list[str], tmp_path: Path) -> None:
    """One that is throttled comes back; one that has no time for it is over."""
    records: list[dict[str, Any]] = []
    async with Emulator(
        "toy.handler",
        command=toy_command,
        task_root=tmp_path,
        max_environments=1,
        events=EventPolicy(max_age=0.5),
        on_failure=records.append,
    ) as fn:
        fn.enqueue({"do": "sleep", "seconds": 1})
        fn.enqueue({})
        await until(lambda: records)
    assert records[0]["requestContext"]["condition"] == "EventAgeExceeded"


async def test_an_event_may_be_too_large(toy_command: list[str], tmp_path: Path) -> None:
    """For the queue the limit is lower."""
    async with Emulator("toy.handler", command=toy_command, task_root=tmp_path) as fn:
        with pytest.raises(InvokeRejectedError, match="1048577 byte payload is too large for the Event"):
            fn.enqueue(b" " * 1048577)


async def test_a_broken_destination_is_told(toy_command: list[str], tmp_path: Path) -> None:
    """It breaks nothing else, and the event loop's handler hears of it."""
    heard: list[str] = []

    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: heard.append(context["message"]))
    async with Emulator(
        "toy.handler", command=toy_command, task_root=tmp_path, on_success=tmp_path / "no" / "file"
    ) as fn:
        fn.enqueue({})
        await until(lambda: heard)
        assert (await fn.invoke({"a": 1})).payload == {"a": 1}
    assert heard == ["A destination could not be sent its record"]


async def test_boto3_is_throttled(toy_command: list[str], tmp_path: Path, closing: list[Any]) -> None:
    """The service model's own exception, with its reason."""
    async with Emulator("toy.handler", command=toy_command, task_root=tmp_path, max_environments=1) as fn:
        client = boto(fn.endpoint, closing)

        def call() -> Any:
            return client.invoke(FunctionName="function")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(fn.invoke, {"do": "sleep", "seconds": 2})
            await until(lambda: any(line.startswith("START") for line in fn.logs))
            with pytest.raises(client.exceptions.TooManyRequestsException) as raised:
                await anyio.to_thread.run_sync(call)
            tasks.cancel_scope.cancel()
    assert raised.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


async def test_a_call_may_ask_for_a_cold_start(toy_command: list[str], tmp_path: Path) -> None:
    """By a header, or in a program; at the cost of an idle environment if there is no more room."""
    async with Emulator("toy.handler", command=toy_command, task_root=tmp_path, max_environments=1) as fn:
        first = await fn.invoke({"do": "variables"})
        warm = await fn.invoke({})
        async with httpx.AsyncClient(base_url=fn.endpoint) as client:
            path = "/2015-03-31/functions/function/invocations"
            cold = {"X-Aioric-Cold-Start": "1", "X-Amz-Log-Type": "Tail"}
            reply = await client.post(path, content=b"{}", headers=cold)
        again = await fn.invoke({}, cold=True)
        inits = [line for line in fn.logs if "Init Duration" in line]
    assert reply.status_code == 200
    assert first.report.init_ms
    assert again.report.init_ms
    assert warm.report.init_ms is None
    assert len(inits) == 3


async def test_managed_instances_have_no_cold_start(toy_command: list[str], tmp_path: Path) -> None:
    """There is nothing that could be forced."""
    async with (
        Emulator("toy.handler", command=toy_command, task_root=tmp_path, concurrency=1) as fn,
        httpx.AsyncClient(base_url=fn.endpoint) as client,
    ):
        path = "/2015-03-31/functions/function/invocations"
        reply = await client.post(path, content=b"{}", headers={"X-Aioric-Cold-Start": "1"})
    assert (reply.status_code, reply.headers["x-amzn-errortype"]) == (400, "InvalidParameterValueException")


async def test_environments_are_recycled_by_age(toy_command: list[str], tmp_path: Path) -> None:
    """One that is old enough ends, whether it waits or has just been used."""
    async with Emulator("toy.handler", command=toy_command, task_root=tmp_path, max_age=0.3) as fn:
        await fn.invoke({"do": "sleep", "seconds": 0.4})
        second = await fn.invoke({"do": "print", "text": "young\n"})
        await until(lambda: not fn.environment_count)
    assert second.report.init_ms


@pytest.mark.parametrize(
    ("word", "lanes"),
    [("INIT_START", None), ("START", None), ("said", None), ("REPORT", None), ("platform.start", 2)],
)
async def test_a_listener_that_raises_ends_nothing_but_itself(
    word: str, lanes: int | None, toy_command: list[str], tmp_path: Path
) -> None:
    """Answers, timeouts and the end are as ever, whatever the line was; the user is given the error then."""
    heard: list[str] = []

    def on_line(line: str, _request_id: str) -> None:
        heard.append(line)
        if word in line:
            raise RuntimeError("the user's")

    function = configure("one", toy_command, tmp_path, timeout=0.5, concurrency=lanes)
    local = LocalLambda([function], on_line=on_line)
    hosted = local.functions["one"]

    async def serve() -> None:
        async with local:
            await hosted.invoke({"do": "print", "text": "said\n"})
            late = await hosted.invoke({"do": "sleep", "seconds": 60})
            assert late.payload["errorType"] == "Sandbox.Timedout"

    with pytest.raises(RuntimeError, match="the user's"):
        await serve()
    assert word in heard[-1]
    assert len(hosted.logs) > len(heard)


async def test_the_error_that_ends_it_is_not_hidden_by_a_listeners(
    toy_command: list[str], tmp_path: Path
) -> None:
    """A test that fails says why."""

    def on_line(_line: str, _request_id: str) -> None:
        raise RuntimeError("the user's")

    async def serve() -> None:
        async with LocalLambda([configure("one", toy_command, tmp_path)], on_line=on_line) as local:
            await local.functions["one"].invoke({})
            raise ValueError("the test's")

    with pytest.raises(ValueError, match="the test's"):
        await serve()


@pytest.mark.parametrize("lanes", [None, 2])
async def test_a_call_while_it_ends_is_refused(
    lanes: int | None, toy_command: list[str], tmp_path: Path
) -> None:
    """It starts no environment, for which the end would wait for ever."""
    function = configure("one", toy_command, tmp_path, concurrency=lanes)

    async with LocalLambda([function]) as local, anyio.create_task_group() as tasks:
        hosted = local.functions["one"]

        async def call_when_killed() -> None:
            killed = await hosted.invoke({"do": "sleep", "seconds": 60})
            assert killed.payload["errorType"] == "Runtime.ExitError"
            with pytest.raises(InvokeRejectedError, match="ends"):
                await hosted.invoke({})

        tasks.start_soon(call_when_killed)
        await until(lambda: any("START R" in line or "platform.start" in line for line in hosted.logs))
        hosted.stop()


def test_a_destination_may_be_missing() -> None:
    """Then the record is nobody's."""
    assert Destinations().on_success is None
