"""Both servers of the benchmark, in C and in Python, say the same on the wire and to their keeper."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.server import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

ROOT = Path(__file__).parents[2]
NEXT = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"


def _program(language: str) -> list[str]:
    if language == "python":
        return [sys.executable, "-m", "bench.runtime_api"]
    binary = compiled("runtime_api.c")
    if binary is None:
        pytest.skip("no C compiler here")
    return [str(binary)]


@pytest.fixture(params=["c", "python"])
def serve(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[bytes], Popen[bytes]]]:
    """Start a server of either language for one lane and an event."""
    program = _program(request.param)
    servers = []

    def start(event: bytes) -> Popen[bytes]:
        file = tmp_path / "event"
        file.write_bytes(event)
        command = [*program, str(file), "1"]
        server = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.kill()
        server.wait()
        for pipe in (server.stdin, server.stdout, server.stderr):
            assert pipe is not None
            pipe.close()


@contextmanager
def _client(server: Popen[bytes]) -> Iterator[socket.socket]:
    port = int(_line(server).removeprefix(b"listening "))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        yield client


def _line(server: Popen[bytes]) -> bytes:
    assert server.stdout is not None
    return server.stdout.readline()


def _order(server: Popen[bytes], count: int) -> None:
    assert server.stdin is not None
    server.stdin.write(b"serve %d\n" % count)
    server.stdin.flush()


def _until(client: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        more = client.recv(1 << 20)
        assert more, data
        data += more
    return data


def _answer(serial: int, body: bytes, verdict: bytes = b"response") -> bytes:
    path = b"/2018-06-01/runtime/invocation/8476a536-e9f4-11e8-9739-%012d/%s" % (serial, verdict)
    return b"POST %s HTTP/1.1\r\nHost: x\r\ncontent-length: %d\r\n\r\n" % (path, len(body)) + body


def test_an_invocation(serve: Callable[[bytes], Popen[bytes]]) -> None:
    """Idle, an event with a length, a 202 of its own, the next event, and idle again with the figures."""
    server = serve(b'{"k": 1}')
    with _client(server) as client:
        client.sendall(NEXT)
        assert _line(server).startswith(b"idle ")
        _order(server, 2)
        head = _until(client, b'{"k": 1}')
        assert b"Content-Length: 8" in head
        assert b"Lambda-Runtime-Aws-Request-Id: 8476a536-e9f4-11e8-9739-000000000001\r\n" in head
        client.sendall(_answer(1, b"true") + NEXT)
        accepted, _, event = _until(client, b'{"k": 1}').partition(b'{"status":"OK"}\n')
        assert accepted.startswith(b"HTTP/1.1 202 Accepted\r\n")
        assert b"000000000002\r\n" in event
        client.sendall(_answer(2, b"x" * 3_000_000, b"error") + NEXT)
        _until(client, b'{"status":"OK"}\n')
        figures = json.loads(_line(server).removeprefix(b"idle "))
    assert (figures["invocations"], figures["errors"]) == (2, 1)
    assert figures["wall_ns"] > 0
    assert figures["server_cpu_ns"] > 0


@pytest.mark.parametrize("size", [2049, 5_000_000])
def test_a_large_event_is_chunked(size: int, serve: Callable[[bytes], Popen[bytes]]) -> None:
    """Beyond 2,048 bytes an event goes out as one chunk, as from AWS's emulator."""
    event = b'"' + b"x" * (size - 2) + b'"'
    server = serve(event)
    with _client(server) as client:
        client.sendall(NEXT)
        _line(server)
        _order(server, 1)
        head, _, body = _until(client, b"\r\n0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    assert body == b"%x\r\n" % size + event + b"\r\n0\r\n\r\n"


def test_requests_in_pieces(serve: Callable[[bytes], Popen[bytes]]) -> None:
    """Requests that arrive byte by byte are taken as if they came whole."""
    server = serve(b"1")
    with _client(server) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(NEXT)
        _line(server)
        _order(server, 1)
        _until(client, b"\r\n\r\n1")
        for byte in _answer(1, b"true") + NEXT:
            client.sendall(bytes([byte]))
        assert json.loads(_line(server).removeprefix(b"idle "))["invocations"] == 1


def test_the_wrong_id(serve: Callable[[bytes], Popen[bytes]]) -> None:
    """An answer to an event that was not given ends the server: no figure is better than a wrong one."""
    server = serve(b"1")
    with _client(server) as client:
        client.sendall(NEXT)
        _line(server)
        _order(server, 1)
        _until(client, b"\r\n\r\n1")
        client.sendall(_answer(7, b"true"))
        assert server.wait(10) != 0
        assert server.stderr is not None
        assert b"answers another event" in server.stderr.read()


def test_the_end_of_stdin(serve: Callable[[bytes], Popen[bytes]]) -> None:
    """A server whose keeper is gone leaves too."""
    server = serve(b"1")
    _line(server)
    assert server.stdin is not None
    server.stdin.close()
    assert server.wait(10) == 0
