"""`aioric invoke` beyond a plain call: streams, and AWS by boto3, for which a local Lambda stands."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import anyio
import pytest

from tests.emulator.test_cli import Served, aioric, environment

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator
    from pathlib import Path


NAMED = ("plain=app.plain", "pieces=app.pieces", "tenant=app.tenant")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """Serve a function that answers, one that streams, and one that fails on the way."""
    (tmp_path / "app.py").write_text(
        "def plain(event, context):\n"
        "    print('logged')\n"
        "    custom = context.client_context and context.client_context.custom\n"
        "    return {'event': event, 'custom': custom, 'n': 1 / event.get('divisor', 1)}\n"
        "def tenant(event, context):\n"
        "    return context.tenant_id\n"
        "def pieces(event, context):\n"
        "    yield 'one,'\n"
        "    yield 'two'\n"
        "    if event.get('fails'): raise ValueError('on the way')\n"
    )
    async with Served(tmp_path, *NAMED, "--no-reload") as running:
        yield running


def endpoint(served: Served) -> str:
    """Give the address that it printed."""
    return served.log.partition("--endpoint ")[2].split()[0]


async def remote(served: Served, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run `aioric invoke --remote` with the local Lambda in the place of AWS."""
    variables = environment() | {
        "AWS_ENDPOINT_URL_LAMBDA": endpoint(served),
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [sys.executable, "-m", "aioric_emulator.cli", "invoke", "--remote", *arguments]
    return await anyio.run_process(command, check=False, env=variables)


async def test_a_stream_is_printed(served: Served) -> None:
    """The pieces on standard output, the log and an error on the other."""
    to = ("--stream", "--name", "pieces", "--endpoint", endpoint(served))
    done = await aioric("invoke", *to, "--tail")
    assert (done.returncode, done.stdout) == (0, b"one,two\n")
    assert done.stderr.startswith(b"START RequestId: ")
    done = await aioric("invoke", '{"fails": true}', *to)
    assert (done.returncode, done.stdout) == (1, b"one,two\n")
    assert b"on the way" in done.stderr
    assert done.stderr.endswith(b"The function failed (ValueError).\n")
    done = await aioric("invoke", "--stream", "--name", "nobody", "--endpoint", endpoint(served))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"ResourceNotFoundException: Function not found" in done.stderr
    assert done.stderr.endswith(b". There are: plain, pieces, tenant (--name)\n")


async def test_a_log_is_printed_in_lines(served: Served) -> None:
    """An event of several lines is one of the log, whose breaks no terminal would show."""
    words = ("--name", "plain", "--tail", "--endpoint", endpoint(served))
    done = await aioric("invoke", '{"divisor": 0}', *words)
    assert b"\r" not in done.stderr
    assert b"[ERROR] ZeroDivisionError: division by zero\nTraceback (most recent call last):\n" in done.stderr


async def test_a_tenant_is_named_here_and_on_aws(served: Served) -> None:
    """The function is told, and the environment is its own."""
    words = ("--name", "tenant", "--tenant-id")
    here = await aioric("invoke", *words, "one", "--endpoint", endpoint(served))
    there = await remote(served, *words, "two")
    assert (here.stdout, there.stdout) == (b'"one"\n', b'"two"\n')
    assert served.log.count("INIT_START") == 2


async def test_an_endpoint_is_a_url() -> None:
    """What is none is not asked for an answer."""
    done = await aioric("invoke", "--endpoint", "here")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"Error: here is not a URL: ")


async def test_a_remote_call_takes_the_same_flags(served: Served) -> None:
    """Event, client context and log; queued; streamed."""
    words = ("--name", "plain", '{"a": 1}', "--client-context", '{"custom": {"b": 2}}', "--tail")
    done = await remote(served, *words)
    assert json.loads(done.stdout) == {"event": {"a": 1}, "custom": {"b": 2}, "n": 1.0}
    assert b"\nlogged\n" in done.stderr
    done = await remote(served, "--name", "plain", "--async")
    assert (done.returncode, done.stdout, done.stderr[:10]) == (0, b"", b"Queued as ")
    done = await remote(served, "--name", "pieces", "--stream")
    assert (done.returncode, done.stdout) == (0, b"one,two\n")


async def test_a_remote_failure_is_told(served: Served) -> None:
    """A function's as here; the service's by its exception's name."""
    done = await remote(served, "--name", "plain", '{"divisor": 0}')
    assert (done.returncode, json.loads(done.stdout)["errorType"]) == (1, "ZeroDivisionError")
    done = await remote(served, "--name", "nobody")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"Error: ResourceNotFoundException: Function not found")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--async", "--stream"), "Either --async or --stream"),
        (("--remote", "--cold"), "--cold and --endpoint are for the local Lambda"),
        (("--remote", "--endpoint", "http://x"), "--cold and --endpoint are for the local Lambda"),
        (("--stream", "--port", "1"), "No answer from http://127.0.0.1:1: "),
    ],
)
async def test_a_mistake_is_told(arguments: tuple[str, ...], message: str) -> None:
    """In words, without a trace."""
    done = await aioric("invoke", *arguments)
    assert done.returncode != 0
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr


async def test_boto3_is_asked_for() -> None:
    """Where it is not installed, the message says what to install."""
    code = (
        "import sys; sys.modules['boto3'] = None\n"
        "from aioric_emulator.cli import main\n"
        "main(['invoke', '--remote'], prog_name='aioric')\n"
    )
    done = await anyio.run_process([sys.executable, "-c", code], check=False, env=environment())
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"which is not installed: pip install boto3" in done.stderr
