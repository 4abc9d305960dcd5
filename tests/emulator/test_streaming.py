"""Streams through the emulator: to boto3, to a plain HTTP client, at the platform's pace, up to its limit."""

from __future__ import annotations

import asyncio
import base64
import shutil
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aioric_emulator.relay import Bandwidth

if TYPE_CHECKING:
    from aioric_emulator import Emulator

TASK = Path(__file__).parent / "streams" / "task"
LANES = {"one at a time": None, "four at a time": 4}

both_modes = pytest.mark.parametrize("concurrency", LANES.values(), ids=LANES)


def invoke(endpoint: str, payload: bytes = b"{}", **facts: str) -> tuple[bytes, dict[str, str], list[float]]:
    """Invoke with boto3: all bytes, the last event, and when each chunk came."""
    client = boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106 - the emulator asks for none
        config=Config(retries={"max_attempts": 0}),
    )
    pieces: list[bytes] = []
    moments: list[float] = []
    complete: dict[str, str] = {}
    facts = {"FunctionName": "function", **facts}
    try:
        for happened in client.invoke_with_response_stream(Payload=payload, **facts)["EventStream"]:
            if "PayloadChunk" in happened:
                moments.append(time.monotonic())
                pieces.append(happened["PayloadChunk"]["Payload"])
            else:
                complete = happened["InvokeComplete"]
    finally:
        client.close()
    return b"".join(pieces), complete, moments


@both_modes
async def test_boto3_reads_a_stream_as_it_is_made(
    aioric_function: type[Emulator], concurrency: int | None
) -> None:
    """Each piece arrives when it was made, and the last event says that all is well."""
    async with aioric_function("app.pieces", task_root=TASK, concurrency=concurrency) as fn:
        body, complete, moments = await asyncio.to_thread(invoke, fn.endpoint, b'{"pause": 0.1}')

    assert body == b"piece 0 piece 1 piece 2 "
    assert complete == {}
    assert moments[-1] - moments[0] > 0.15


@both_modes
async def test_boto3_reads_a_failure_in_the_middle(
    aioric_function: type[Emulator], concurrency: int | None
) -> None:
    """Trailers become `ErrorCode` and `ErrorDetails`, and the log's end comes along."""
    async with aioric_function("app.pieces", task_root=TASK, concurrency=concurrency) as fn:
        body, complete, _ = await asyncio.to_thread(invoke, fn.endpoint, b'{"fail": "bad"}', LogType="Tail")

    assert body == b"piece 0 piece 1 piece 2 "
    assert complete["ErrorCode"] == "ValueError"
    assert '"errorMessage": "bad"' in complete["ErrorDetails"]
    assert b"report" in base64.b64decode(complete["LogResult"]).lower()


@both_modes
async def test_boto3_reads_what_is_no_stream(
    aioric_function: type[Emulator], concurrency: int | None
) -> None:
    """A whole answer comes as one chunk, an error as none, and a call to nothing is refused."""
    async with aioric_function("app.whole", task_root=TASK, concurrency=concurrency) as fn:
        body, complete, _ = await asyncio.to_thread(invoke, fn.endpoint, b'{"name": "Ada"}')
        nothing, failed, _ = await asyncio.to_thread(invoke, fn.endpoint, b"[]")
        with pytest.raises(ClientError, match="ResourceNotFound"):
            await asyncio.to_thread(invoke, fn.endpoint, FunctionName="other")
        with pytest.raises(ClientError, match="InvalidRequestContent"):
            await asyncio.to_thread(invoke, fn.endpoint, b"{")

    assert (body, complete) == (b'{"hello": "Ada"}', {})
    assert nothing == b""
    assert failed["ErrorCode"] == "AttributeError"


async def test_a_plain_invoke_collects_a_stream(aioric_function: type[Emulator]) -> None:
    """One handler answers both kinds of callers."""
    async with aioric_function("app.pieces", task_root=TASK) as fn:
        assert (await fn.invoke({})).raw == b"piece 0 piece 1 piece 2 "


async def test_a_stream_ends_at_200_mb(aioric_function: type[Emulator]) -> None:
    """What is over the limit is cut, the caller is told, and the runtime goes on."""
    async with aioric_function("app.large", task_root=TASK, timeout=60) as fn:
        body, complete, _ = await asyncio.to_thread(invoke, fn.endpoint, b'{"mib": 210}')
        after, _, _ = await asyncio.to_thread(invoke, fn.endpoint, b'{"mib": 1}')

    assert len(body) <= 200 * 1024 * 1024
    assert complete["ErrorCode"] == "Function.ResponseSizeTooLarge"
    assert len(after) == 1024 * 1024


async def test_a_timeout_ends_a_stream(aioric_function: type[Emulator]) -> None:
    """A function that goes on for too long is cut by our runtime, which says so."""
    async with aioric_function("app.pieces", task_root=TASK, timeout=0.6) as fn:
        body, complete, _ = await asyncio.to_thread(invoke, fn.endpoint, b'{"pause": 0.1, "count": 99}')

    assert body.startswith(b"piece 0 piece 1 ")
    assert complete["ErrorCode"] == "Runtime.DeadlineExceeded"


def test_the_bandwidth_is_the_platforms() -> None:
    """6 MiB at once, then 2 MiB a second, and what was not used comes back."""
    mib = 1024 * 1024
    bandwidth = Bandwidth()

    assert bandwidth.take(6 * mib, 0.0) == 0.0
    assert bandwidth.take(2 * mib, 0.0) == 1.0
    assert bandwidth.take(mib, 1.0) == 0.5
    assert bandwidth.take(6 * mib, 100.0) == 0.0


async def test_a_stream_may_be_as_slow_as_on_the_platform(aioric_function: type[Emulator]) -> None:
    """With the real bandwidth, 7 MiB take half a second."""
    async with aioric_function("app.large", task_root=TASK, timeout=60, real_bandwidth=True) as fn:
        began = time.monotonic()
        body, _, _ = await asyncio.to_thread(invoke, fn.endpoint, b'{"mib": 7}')

    assert len(body) == 7 * 1024 * 1024
    assert time.monotonic() - began > 0.4


async def test_a_function_url_interprets_the_prelude(aioric_function: type[Emulator]) -> None:
    """Status, headers and cookies are the answer's, and the function sees the request."""
    async with (
        aioric_function("app.web", task_root=TASK) as fn,
        fn.serve_url(invoke_mode="RESPONSE_STREAM") as url,
        client() as http,
    ):
        answer = await http.post(
            f"{url}a%20b?x=1&x=2",
            content="text",
            headers={"content-type": "text/plain", "cookie": "c=3; d=4"},
        )

    assert answer.status_code == 201
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert answer.headers["x-path"] == "/a%20b"
    event = answer.json()
    assert event["queryStringParameters"] == {"x": "1,2"}
    assert event["cookies"] == ["c=3", "d=4"]
    assert (event["body"], event["isBase64Encoded"]) == ("text", False)
    assert event["requestContext"]["http"]["method"] == "POST"


async def test_a_function_url_passes_other_types_on(aioric_function: type[Emulator]) -> None:
    """Without the prelude's type the bytes are the answer, with status 200."""
    async with (
        aioric_function("app.pieces_url", task_root=TASK) as fn,
        fn.serve_url(invoke_mode="RESPONSE_STREAM") as url,
        client() as http,
    ):
        answer = await http.post(url, content=b"\xff")

    assert (answer.status_code, answer.content) == (200, b"raw /w==")
    assert answer.headers["content-type"] == "application/octet-stream"


async def test_a_function_url_shows_failures_as_http_does(aioric_function: type[Emulator]) -> None:
    """An early failure is a 502, and a late one breaks the connection: it must not look whole."""
    async with (
        aioric_function("app.failing", task_root=TASK) as fn,
        fn.serve_url(invoke_mode="RESPONSE_STREAM") as url,
        client() as http,
    ):
        early = await http.get(url)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(f"{url}late")
        broken = await http.get(f"{url}prelude")

    assert early.status_code == 502
    assert broken.status_code == 502


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
async def test_curl_sees_pieces_as_they_are_made(aioric_function: type[Emulator]) -> None:
    """`curl -N` prints each piece while the next one is not made yet."""
    async with (
        aioric_function("app.slow_url", task_root=TASK) as fn,
        fn.serve_url(invoke_mode="RESPONSE_STREAM") as url,
    ):
        curl = await asyncio.create_subprocess_exec("curl", "-sN", url, stdout=asyncio.subprocess.PIPE)
        assert curl.stdout is not None
        seen = []
        while piece := await curl.stdout.read(100):
            seen.append((piece, time.monotonic()))
        assert await curl.wait() == 0

    assert [piece for piece, _ in seen] == [b"tick\n"] * 3
    assert all(later - earlier > 0.1 for (_, earlier), (_, later) in pairwise(seen))


def client() -> Any:
    """A plain HTTP client."""
    return httpx.AsyncClient(trust_env=False, timeout=10)
