"""Where fronts are served: on the ports they ask for, or the next free ones."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from aioric_emulator.fronts.serving import serve_front, serve_fronts
from aioric_emulator.fronts.settings import UrlSettings
from aioric_emulator.local_lambda import LocalLambda
from aioric_emulator.selection import select_named

TASK = Path(__file__).parent / "task"


async def test_a_front_without_a_port_takes_the_next_free_one() -> None:
    """After the Lambda API's own; those that are taken are passed over."""
    functions = select_named({"f": "app.echo"}, {"task_root": str(TASK)}, TASK)
    async with LocalLambda(functions) as lambda_:
        port = int(lambda_.endpoint.rpartition(":")[2])
        fronts = [UrlSettings("f"), UrlSettings("f"), UrlSettings("f", 0)]
        async with serve_fronts(fronts, lambda_.functions, "127.0.0.1", port) as opened:
            ports = [int(url.rstrip("/").rpartition(":")[2]) for _, url in opened]

    # Who asked comes first.
    assert opened[0][0].port == 0
    assert port < ports[1] < ports[2] <= port + 101


async def test_a_port_that_is_taken_is_an_error() -> None:
    """Where it was asked for."""
    functions = select_named({"f": "app.echo"}, {"task_root": str(TASK)}, TASK)
    async with LocalLambda(functions) as lambda_:
        with socket.create_server(("127.0.0.1", 0)) as server:
            taken = UrlSettings("f", server.getsockname()[1])
            with pytest.raises(OSError, match="address already in use"):
                await serve_front(taken, lambda_.functions).__aenter__()
