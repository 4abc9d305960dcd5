"""Every runtime on our emulator, one invocation at a time and many, through the real ./bootstrap."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from tests.e2e.slots import ready

if TYPE_CHECKING:
    from aioric_emulator import Emulator

ROOT = Path(__file__).parents[2]
TASK = Path(__file__).parent / "task"

OURS = ["/usr/bin/env", f"AIORIC_PYTHON={sys.executable}", str(ROOT / "bootstrap")]
OFFICIAL = [sys.executable, "-m", "awslambdaric"]

RUNTIMES = {
    "aioric sync": ("app.sync", OURS),
    "aioric async": ("app.asynchronous", OURS),
    "awslambdaric": ("app.sync", [*OFFICIAL, "app.sync"]),
}

CONCURRENCY = {"one at a time": None, "four at a time": 4}

runtimes = pytest.mark.parametrize("runtime", RUNTIMES)
concurrencies = pytest.mark.parametrize("concurrency", CONCURRENCY)


@runtimes
@concurrencies
async def test_an_event_is_answered(aioric_function: type[Emulator], runtime: str, concurrency: str) -> None:
    """The answer, the request id and the log line of an invocation come back to its caller."""
    handler, command = RUNTIMES[runtime]
    async with aioric_function(
        handler, task_root=TASK, command=command, concurrency=CONCURRENCY[concurrency]
    ) as fn:
        for name in ("Ada", "Grace"):
            result = await fn.invoke({"name": name})

            assert result.function_error is None
            assert result.payload == {"hello": name, "request_id": result.request_id}


@runtimes
@concurrencies
async def test_an_error_is_reported(aioric_function: type[Emulator], runtime: str, concurrency: str) -> None:
    """An exception reaches the caller with type, message and stack, and the next call works."""
    handler, command = RUNTIMES[runtime]
    async with aioric_function(
        handler, task_root=TASK, command=command, concurrency=CONCURRENCY[concurrency]
    ) as fn:
        failed = await fn.invoke({"fail": "no such order"})
        after = await fn.invoke({"name": "Ada"})

    assert failed.function_error == "Unhandled"
    assert failed.payload["errorType"] == "LookupError"
    assert failed.payload["errorMessage"] == "no such order"
    assert failed.payload["requestId"] == failed.request_id
    assert "in check" in failed.payload["stackTrace"][-1]
    assert after.function_error is None


@runtimes
async def test_invocations_overlap(aioric_function: type[Emulator], runtime: str) -> None:
    """On Managed Instances, N invocations that wait finish together."""
    handler, command = RUNTIMES[runtime]
    async with aioric_function(handler, task_root=TASK, command=command, concurrency=16) as fn:
        await ready(fn, 16)
        begun = time.monotonic()
        results = await asyncio.gather(*(fn.invoke({"sleep": 0.5}) for _ in range(16)))
        lasted = time.monotonic() - begun

    assert [result.function_error for result in results] == [None] * 16
    assert lasted < 16 * 0.5 / 4


@runtimes
async def test_boto3_invokes_it(aioric_function: type[Emulator], runtime: str) -> None:
    """AWS's own SDK calls the function by an endpoint URL, and reads its result and its error."""
    handler, command = RUNTIMES[runtime]
    async with aioric_function(handler, task_root=TASK, command=command) as fn:
        client = boto3.client(
            "lambda",
            endpoint_url=fn.endpoint,
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106 - the emulator asks for none
            config=Config(retries={"max_attempts": 0}),
        )
        good = await asyncio.to_thread(client.invoke, FunctionName="function", Payload=b'{"name": "Ada"}')
        bad = await asyncio.to_thread(client.invoke, FunctionName="function", Payload=b'{"fail": "x"}')
        good_body, bad_body = good["Payload"].read(), bad["Payload"].read()
        client.close()

    assert b'"hello": "Ada"' in good_body
    assert good["ExecutedVersion"] == "$LATEST"
    assert bad["FunctionError"] == "Unhandled"
    assert b"LookupError" in bad_body
