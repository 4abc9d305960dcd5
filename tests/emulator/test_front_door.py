"""`Invoke` as its clients use it: boto3, and plain HTTP with every header and every error."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import boto3
import httpx
import pytest
from botocore.config import Config

from aioric_emulator import Emulator
from aioric_emulator.front_door import CallRefused, read_caller_facts
from aioric_emulator.messages import MAX_PAYLOAD
from tests.emulator.polling import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATH = "/2015-03-31/functions/function/invocations"
STREAM_PATH = "/2021-11-15/functions/function/response-streaming-invocations"


@pytest.fixture
async def function(toy_command: list[str], tmp_path: Path) -> AsyncIterator[Emulator]:
    """Give a running toy function."""
    emulator = Emulator("toy.handler", command=toy_command, task_root=tmp_path, max_environments=2)
    async with emulator as fn:
        yield fn


async def post(
    function: Emulator, path: str = PATH, content: bytes = b"{}", /, **headers: str
) -> httpx.Response:
    """Make one call."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=function.endpoint, timeout=30) as client:
        return await client.post(path, content=content, headers=named)


def boto(function: Emulator) -> Any:
    """Give boto3's client for a function, which tries once."""
    return boto3.client(
        "lambda",
        endpoint_url=function.endpoint,
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",  # noqa: S106 - nobody checks it
        config=Config(retries={"max_attempts": 0}),
    )


async def test_boto3_invokes(function: Emulator) -> None:
    """The answer with all that a caller is told about it."""
    client = boto(function)

    def tour() -> tuple[dict[str, Any], bytes]:
        context = base64.b64encode(b'{"custom":{"a":1}}').decode()
        reply = client.invoke(
            FunctionName="function", Payload=b'{"do":"headers"}', LogType="Tail", ClientContext=context
        )
        return reply, reply["Payload"].read()

    reply, payload = await anyio.to_thread.run_sync(tour)
    headers = json.loads(payload)
    assert reply["StatusCode"] == 200
    assert reply["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in reply
    assert headers["lambda-runtime-client-context"] == '{"custom":{"a":1}}'
    assert headers["lambda-runtime-aws-request-id"] == reply["ResponseMetadata"]["RequestId"]
    log = base64.b64decode(reply["LogResult"]).decode()
    assert log.startswith("START RequestId: ")
    assert "\nREPORT RequestId: " in log


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ({"FunctionName": "other"}, "ResourceNotFoundException"),
        ({"Payload": b"{"}, "InvalidRequestContentException"),
        ({"Payload": b" " * (MAX_PAYLOAD + 1)}, "RequestTooLargeException"),
        ({"InvocationType": "Event", "Payload": b"[" + b" " * 1048576 + b"]"}, "RequestTooLargeException"),
    ],
    ids=["missing", "not JSON", "too large", "too large for an event"],
)
async def test_boto3_raises_the_right_exception(call: dict[str, Any], error: str, function: Emulator) -> None:
    """With a message, of the class that the service model names."""
    client = boto(function)
    with pytest.raises(getattr(client.exceptions, error)) as raised:
        await anyio.to_thread.run_sync(lambda: client.invoke(**{"FunctionName": "function"} | call))
    assert raised.value.response["Error"]["Message"]


async def test_boto3_sees_a_function_error(function: Emulator) -> None:
    """The payload is the error."""
    client = boto(function)
    event = b'{"do":"error","error":{"errorType":"E"}}'
    reply = await anyio.to_thread.run_sync(lambda: client.invoke(FunctionName="function", Payload=event))
    assert reply["FunctionError"] == "Unhandled"
    assert json.load(reply["Payload"]) == {"errorType": "E"}


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("function", ""),
        ("function:$LATEST", ":$LATEST"),
        ("function%3Alive", ":live"),
        ("123456789012:function:function", ""),
        ("123456789012:function", ""),
        ("arn:aws:lambda:us-east-1:123456789012:function:function", ""),
        ("arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Afunction%3A7", ":7"),
    ],
)
async def test_a_function_has_many_names(name: str, arn: str, function: Emulator) -> None:
    """Its ARN, part of it, and a qualifier; the runtime is told by which ARN it was called."""
    reply = await post(function, f"/2015-03-31/functions/{name}/invocations", b'{"do":"headers"}')
    assert reply.status_code == 200, reply.content
    assert reply.json()["lambda-runtime-invoked-function-arn"] == f"{function.configuration.arn}{arn}"


async def test_a_qualifier_may_be_in_the_query(function: Emulator) -> None:
    """As the SDKs send it."""
    reply = await post(function, f"{PATH}?Qualifier=live", b'{"do":"headers"}')
    assert reply.json()["lambda-runtime-invoked-function-arn"].endswith(":function:live")


async def test_headers_reach_the_runtime_and_the_caller(function: Emulator) -> None:
    """Trace and tenant, and the answer's own content type."""
    reply = await post(
        function, PATH, b'{"do":"headers"}', X_Amzn_Trace_Id="Root=1-a-b", X_Amz_Tenant_Id="blue"
    )
    headers = reply.json()
    assert headers["lambda-runtime-trace-id"] == "Root=1-a-b"
    assert headers["lambda-runtime-aws-tenant-id"] == "blue"
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-amzn-trace-id"] == "Root=1-a-b"
    assert reply.headers["x-amzn-requestid"] == headers["lambda-runtime-aws-request-id"]
    assert reply.headers["x-amz-executed-version"] == "$LATEST"
    assert "x-amz-function-error" not in reply.headers
    assert "x-amz-log-result" not in reply.headers


async def test_no_payload_is_an_empty_object(function: Emulator) -> None:
    """As the service has it."""
    assert (await post(function, PATH, b"")).json() == {}


async def test_the_content_type_of_the_answer_is_the_runtimes(function: Emulator) -> None:
    """Also where it is not JSON."""
    reply = await post(function, PATH, b'{"do":"stream","pieces":["a"]}')
    assert (reply.text, reply.headers["content-type"]) == ("a", "text/plain")


async def test_the_tail_is_the_end_of_the_log(function: Emulator) -> None:
    """Four kilobytes at most."""
    event = json.dumps({"do": "print", "text": "x" * 5000 + "\n"}).encode()
    reply = await post(function, PATH, event, X_Amz_Log_Type="Tail")
    tail = base64.b64decode(reply.headers["x-amz-log-result"])
    assert len(tail) == 4096
    assert tail.startswith(b"xxx")
    assert b"REPORT" in tail


async def test_a_dry_run_runs_nothing(function: Emulator) -> None:
    """204 without a body; no environment is started."""
    reply = await post(function, X_Amz_Invocation_Type="DryRun")
    assert (reply.status_code, reply.content) == (204, b"")
    assert function.logs == []


@pytest.mark.parametrize(
    ("kind", "status", "says"),
    [("DryRun", 204, b""), ("Event", 400, b"Event is no invocation type of a stream; it is RequestResponse")],
)
async def test_a_stream_is_waited_for_or_tried(
    kind: str, status: int, says: bytes, function: Emulator
) -> None:
    """Nothing else can be asked of it, and a dry run starts nothing."""
    answer = await post(function, STREAM_PATH, X_Amz_Invocation_Type=kind)
    assert answer.status_code == status
    assert says in answer.content
    assert not any("START RequestId" in line for line in function.logs)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"x-amzn-requestid": "a b"}, "X-Amzn-RequestId is 1 to 128 characters"),
        ({"x-amzn-requestid": "a" * 129}, "X-Amzn-RequestId is 1 to 128 characters"),
        ({"x-amz-cognito-identity": "[]"}, "X-Amz-Cognito-Identity is a JSON object"),
        ({"x-amz-cognito-identity": "{"}, "X-Amz-Cognito-Identity is a JSON object"),
        ({"x-amz-cognito-identity": "[" * 100_000}, "X-Amz-Cognito-Identity is a JSON object"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_callers_may_say_of_themselves_is_checked(headers: dict[str, str], message: str) -> None:
    """Where that is taken at all: an id that is none, an identity that is no object."""
    with pytest.raises(CallRefused, match=message) as raised:
        read_caller_facts(headers)
    assert raised.value.rejection.status == 400


@pytest.mark.parametrize(
    ("path", "headers", "status", "error"),
    [
        ("/", {}, 404, "UnknownOperationException"),
        ("/2015-03-31/functions/", {}, 404, "UnknownOperationException"),
        ("/2015-03-31/functions/a%20b/invocations", {}, 400, "ValidationException"),
        ("/2015-03-31/functions//invocations", {}, 400, "ValidationException"),
        ("/2015-03-31/functions/nope/invocations", {}, 404, "ResourceNotFoundException"),
        (PATH, {"X_Amz_Invocation_Type": "Nope"}, 400, "InvalidParameterValueException"),
        (
            PATH,
            {"X_Amz_Invocation_Type": "Event", "X_Amz_Client_Context": "%"},
            400,
            "InvalidRequestContentException",
        ),
        (
            f"{PATH.replace('function/', 'function:a/')}?Qualifier=b",
            {},
            400,
            "InvalidParameterValueException",
        ),
        (PATH, {"X_Amz_Client_Context": "%%%"}, 400, "InvalidRequestContentException"),
        (PATH, {"X_Amz_Client_Context": "eA=="}, 400, "InvalidRequestContentException"),
        (PATH, {"X_Amz_Client_Context": "a" * 3584}, 400, "InvalidRequestContentException"),
    ],
)
async def test_a_bad_call_is_refused(
    path: str, headers: dict[str, str], status: int, error: str, function: Emulator
) -> None:
    """With the service model's shape."""
    reply = await post(function, path, b"{}", **headers)
    assert reply.status_code == status
    assert reply.headers["x-amzn-errortype"] == error
    body = reply.json()
    assert body["Type"] == "User"
    assert body["Message" if error == "ResourceNotFoundException" else "message"]


async def test_only_post_invokes(function: Emulator) -> None:
    """Other methods are refused."""
    async with httpx.AsyncClient(base_url=function.endpoint) as client:
        assert (await client.get(PATH)).status_code == 405


@pytest.mark.parametrize(
    "path", [PATH, "/2021-11-15/functions/function/response-streaming-invocations"], ids=["whole", "streamed"]
)
async def test_pages_of_others_do_not_invoke(path: str, function: Emulator) -> None:
    """A browser posts for any page of the web, and what runs here, runs as the developer."""
    await post(function)
    for origin in ("http://evil.example", "null", function.endpoint.replace("http", "x") + "0", ""):
        refused = await post(function, path, b'{"do": "print", "text": "evil"}', Origin=origin)
        assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    own = await post(function, PATH, b'{"a": 1}', Origin=function.endpoint)
    assert own.json() == {"a": 1}
    assert not any("evil" in line for line in function.logs)


@pytest.mark.parametrize(
    "path", [PATH, "/2021-11-15/functions/function/response-streaming-invocations"], ids=["whole", "streamed"]
)
async def test_a_name_that_leads_here_does_not_invoke(path: str, function: Emulator) -> None:
    """A page can have its own name lead to this machine: then what it asks is of the same origin."""
    await post(function)
    name = "evil.example:8080"
    for headers in ({"Host": name}, {"Host": name, "Origin": f"http://{name}"}):
        refused = await post(function, path, b'{"do": "print", "text": "evil"}', **headers)
        assert (refused.status_code, refused.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
        assert "aioric dev --allow-host" in refused.text
    named = await post(function, PATH, b'{"a": 1}', Host="host.docker.internal:8080")
    assert named.json() == {"a": 1}
    assert not any("evil" in line for line in function.logs)


async def test_a_truncated_event_is_refused(function: Emulator) -> None:
    """The body broke off."""
    host, _, port = function.endpoint.removeprefix("http://").rpartition(":")
    async with await anyio.connect_tcp(host, int(port)) as stream:
        await stream.send(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{}}".encode())
        await stream.send_eof()
        assert (await stream.receive()).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_calls_sent_ahead_are_answered_in_order(function: Emulator) -> None:
    """The second begins when the first has been answered."""
    host, _, port = function.endpoint.removeprefix("http://").rpartition(":")
    calls = b""
    for event in (b'{"a":1}', b'{"a":2}', b'{"a":3}'):
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(event)}\r\n\r\n"
        calls += head.encode() + event
    async with await anyio.connect_tcp(host, int(port)) as stream:
        await stream.send(calls)
        answers = b""
        while b'{"a": 3}' not in answers:
            answers += await stream.receive()
    assert answers.index(b'{"a": 1}') < answers.index(b'{"a": 2}')


async def test_throttling_tells_why(function: Emulator) -> None:
    """429, with the reason of the service model."""
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(post, function, PATH, b'{"do":"sleep","seconds":1}')
        await until(lambda: sum(line.startswith("START") for line in function.logs) == 2)
        reply = await post(function)
    assert reply.status_code == 429
    assert reply.headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert reply.headers["x-amzn-requestid"]
    assert reply.json()["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"


async def test_a_caller_that_leaves_stops_nothing(function: Emulator) -> None:
    """The function runs to its end."""
    host, _, port = function.endpoint.removeprefix("http://").rpartition(":")
    event = b'{"do":"sleep","seconds":0.2}'
    async with await anyio.connect_tcp(host, int(port)) as stream:
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(event)}\r\n\r\n"
        await stream.send(head.encode() + event)
        await until(lambda: any(line.startswith("START") for line in function.logs))
    await until(lambda: any(line.startswith("REPORT") for line in function.logs))
    assert "Status" not in function.logs[-1]
