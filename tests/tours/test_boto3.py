"""boto3's tour of `aioric dev`: each kind of call, and each exception class of the service model."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import boto3
import pytest
from botocore.config import Config

from tests.tours.conftest import Stop, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.exceptions import ClientError


@pytest.fixture
def client(stop: Stop) -> Any:
    """Give a client that knows nothing but the endpoint, and tries once."""
    return boto3.client(
        "lambda",
        endpoint_url=stop.endpoint,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106 - nobody checks it
        config=Config(retries={"max_attempts": 0}),
    )


async def call(function: Callable[..., Any], **arguments: Any) -> Any:
    """Call in a thread, and read the payload."""

    def run() -> Any:
        answer = function(**arguments)
        if "Payload" in answer:
            answer["Payload"] = answer["Payload"].read()
        return answer

    return await anyio.to_thread.run_sync(run)


async def test_invoke(client: Any) -> None:
    """An answer, also by ARN and with a client context."""
    answer = await call(client.invoke, FunctionName="echo", Payload=b'{"name": "Ada"}')
    assert (answer["StatusCode"], json.loads(answer["Payload"])) == (200, {"hello": "Ada"})
    assert "FunctionError" not in answer
    arn = "arn:aws:lambda:us-east-1:123456789012:function:echo:live"
    context = base64.b64encode(b'{"custom": {"a": 1}}').decode()
    payload = b'{"do": "context"}'
    answer = await call(client.invoke, FunctionName=arn, Payload=payload, ClientContext=context)
    assert json.loads(answer["Payload"]) == {"custom": {"a": 1}, "arn": arn}


async def test_function_error(client: Any) -> None:
    """An answer that says so, and no exception."""
    answer = await call(client.invoke, FunctionName="echo", Payload=b'{"do": "fail"}')
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"])["errorType"] == "ValueError"


async def test_event(client: Any, stop: Stop) -> None:
    """Queued, and then run."""
    payload = b'{"do": "note", "text": "noted"}'
    answer = await call(client.invoke, FunctionName="echo", InvocationType="Event", Payload=payload)
    assert answer["StatusCode"] == 202
    await wait_for(stop.notes)


async def test_dry_run(client: Any, stop: Stop) -> None:
    """Nothing runs."""
    payload = b'{"do": "note", "text": "noted"}'
    answer = await call(client.invoke, FunctionName="echo", InvocationType="DryRun", Payload=payload)
    assert answer["StatusCode"] == 204
    assert not stop.notes.exists()


async def test_tail(client: Any) -> None:
    """The end of the log, from START to REPORT."""
    answer = await call(client.invoke, FunctionName="echo", LogType="Tail", Payload=b'{"do": "log"}')
    log = base64.b64decode(answer["LogResult"]).decode()
    assert log.startswith("START RequestId: ")
    assert "\na line of the log\n" in log
    assert "\nREPORT RequestId: " in log


@pytest.mark.parametrize("do", ["", "fail"])
async def test_stream(client: Any, do: str) -> None:
    """Pieces, and how it ended."""

    def read() -> list[dict[str, Any]]:
        payload = json.dumps({"do": do}).encode()
        answer = client.invoke_with_response_stream(FunctionName="stream", Payload=payload, LogType="Tail")
        return list(answer["EventStream"])

    *pieces, end = await anyio.to_thread.run_sync(read)
    assert b"".join(each["PayloadChunk"]["Payload"] for each in pieces) == b"first,second"
    assert end["InvokeComplete"].get("ErrorCode", "") == ("ValueError" if do else "")
    assert "LogResult" in end["InvokeComplete"]


async def test_throttle(client: Any, stop: Stop) -> None:
    """TooManyRequestsException, 429, while the only environment is busy."""
    with stop.busy():
        await wait_for(stop.started)
        with pytest.raises(client.exceptions.TooManyRequestsException) as caught:
            await call(client.invoke, FunctionName="busy")
    assert status(caught.value) == 429
    assert caught.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


async def test_missing_function(client: Any) -> None:
    """ResourceNotFoundException, 404, for both operations."""
    for operation in (client.invoke, client.invoke_with_response_stream):
        with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found") as caught:
            await call(operation, FunctionName="nobody")
        assert status(caught.value) == 404


async def test_too_large(client: Any) -> None:
    """RequestTooLargeException, 413; an Event may be smaller only."""
    for kind, size in (("RequestResponse", 7_000_000), ("Event", 1_100_000)):
        payload = b'"%s"' % (b"x" * size)
        with pytest.raises(client.exceptions.RequestTooLargeException) as caught:
            await call(client.invoke, FunctionName="echo", InvocationType=kind, Payload=payload)
        assert status(caught.value) == 413


async def test_no_json(client: Any) -> None:
    """InvalidRequestContentException, 400."""
    with pytest.raises(client.exceptions.InvalidRequestContentException) as caught:
        await call(client.invoke, FunctionName="echo", Payload=b"{")
    assert status(caught.value) == 400


async def test_contradicting_qualifiers(client: Any) -> None:
    """InvalidParameterValueException, 400."""
    with pytest.raises(client.exceptions.InvalidParameterValueException) as caught:
        await call(client.invoke, FunctionName="echo:a", Qualifier="b")
    assert status(caught.value) == 400


def status(error: ClientError) -> int:
    """Give the HTTP status of an exception."""
    code: int = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return code
